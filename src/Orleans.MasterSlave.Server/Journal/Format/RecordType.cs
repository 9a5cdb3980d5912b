namespace Orleans.MasterSlave.Journal;

/// <summary>What a record of the log says. The numbers are part of the format (docs/log.md).</summary>
internal enum RecordType : byte
{
    /// <summary>First record of each batch: its length, its number of records, and where the last confirmed batch ended (D3).</summary>
    Batch = 1,

    /// <summary>One entry of a group.</summary>
    Append = 2,

    /// <summary>Every entry of the group from an index on is gone (C2).</summary>
    Cut = 3,

    /// <summary>The group's promised epoch, its birth (I4), and whether its tail was torn (D4).</summary>
    Control = 4,

    /// <summary>The group has a new snapshot of its own; entries up to a base are no longer needed (D6).</summary>
    Snapshot = 5,

    /// <summary>The group's whole content is replaced by its master's snapshot (C4).</summary>
    Install = 6,

    /// <summary>The group is gone from this node (G8).</summary>
    Drop = 7,

    /// <summary>The process stopped in order: everything before is confirmed.</summary>
    Close = 8,

    /// <summary>Recovery cut a batch of which it could not read every group: groups that it does not know may have lost records too (D4).</summary>
    TornUnknown = 9,
}
