using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>What recovery found.</summary>
internal sealed class RecoveryResult
{
    public Dictionary<GroupId, RecoveredGroup> Groups { get; } = [];

    /// <summary>Damage of which it cannot be told whose records it took; null when there is none. Touches every group not in <see cref="Whole"/>.</summary>
    public LogDamagedException? UnknownDamage { get; set; }

    /// <summary>Groups for which a later record says everything, whatever <see cref="UnknownDamage"/> took.</summary>
    public HashSet<GroupId> Whole { get; } = [];

    /// <summary>The lowest segment with damage.</summary>
    public long FirstDamagedSegment { get; set; } = long.MaxValue;

    /// <summary>A torn batch may have held records of groups that nothing else is known of.</summary>
    public bool TornUnknown { get; set; }

    public long? TornUnknownSegment { get; set; }
}
