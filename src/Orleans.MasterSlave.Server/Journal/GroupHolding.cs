namespace Orleans.MasterSlave.Journal;

/// <summary>What a node's log holds of a group.</summary>
internal enum GroupHolding
{
    /// <summary>It cannot be told: the log is not open, or is damaged in a place that may have been this group's (D3).</summary>
    Unknown,
    Nothing,

    /// <summary>Entries, a snapshot or a promise; or records that are damaged.</summary>
    Data,
}
