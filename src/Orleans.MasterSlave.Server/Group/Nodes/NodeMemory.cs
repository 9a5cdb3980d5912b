using System.Collections.Immutable;

namespace Orleans.MasterSlave.Group;

/// <summary>One write of the node's row, as the node's folder knows it.</summary>
/// <param name="Stamp">Its random id.</param>
/// <param name="Renewal">Its number.</param>
/// <param name="Place">The run of the operating system, and the lock file, of the process that sent it; empty: not known.</param>
internal sealed record NodeWrite(Guid Stamp, long Renewal, string Place)
{
    public static NodeWrite Of(NodeRecord row) => new(row.Stamp, row.Renewal, row.Place);
}

/// <summary>
/// What a node's folder knows of the node's row: the last write that is known to have landed, and those sent since. A folder that does
/// not know the row's stamp is older than the row: a copy, or a backup (I2).
/// </summary>
internal sealed record NodeMemory(NodeWrite? Confirmed, ImmutableArray<NodeWrite> Pending)
{
    /// <summary>Starts that each die before their write is settled: older ones are forgotten.</summary>
    public const int MostPending = 8;

    public static NodeMemory Empty { get; } = new(null, []);

    public NodeWrite? Find(Guid stamp) => Confirmed?.Stamp == stamp ? Confirmed : Pending.FirstOrDefault(w => w.Stamp == stamp);

    public NodeMemory Sending(NodeWrite write) => Pending.Contains(write) ? this : this with { Pending = [.. Pending.TakeLast(MostPending - 1), write] };

    public static NodeMemory Landed(NodeWrite write) => new(write, []);
}

/// <summary>Keeps it in the node's folder.</summary>
internal interface INodeFolder
{
    /// <summary>The run of the operating system, and the lock file, of this process; empty: not known.</summary>
    string Place { get; }

    NodeMemory Memory { get; }

    /// <summary>Durable when it returns.</summary>
    void Keep(NodeMemory memory);

    /// <summary>The node's row was once found older than what the folder knows, and no operator has looked yet.</summary>
    bool StoreWentBack { get; }

    /// <summary>Durable when it returns, until an operator takes it back.</summary>
    void RememberStoreWentBack(string what);
}
