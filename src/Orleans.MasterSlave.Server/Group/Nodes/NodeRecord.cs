using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Group;

/// <summary>What the process that wrote a node's row last does with the node's identity.</summary>
internal enum NodeUse
{
    /// <summary>It runs, or died without a word.</summary>
    Running,

    /// <summary>It stopped in order: whoever has its folder may begin at once.</summary>
    Released,
}

/// <summary>
/// A node's row in the group store (I2): which process is the node. Changed by compare-and-swap only; each write has a fresh stamp, so
/// that two processes with the same bytes never write the same row.
/// </summary>
[GenerateSerializer, Immutable, Alias("masterslave.node-record")]
internal sealed record NodeRecord
{
    /// <summary>The life that wrote it.</summary>
    [Id(0)] public required NodeLife Life { get; init; }

    /// <summary>Random id of that start.</summary>
    [Id(1)] public required Guid Nonce { get; init; }

    /// <summary>+1 at every write, over all starts.</summary>
    [Id(2)] public required long Renewal { get; init; }

    /// <summary>Random id of this write.</summary>
    [Id(3)] public required Guid Stamp { get; init; }

    /// <summary>How long that process acts on the strength of this write, by its own clock, from when it sent it.</summary>
    [Id(4)] public required TimeSpan Lease { get; init; }

    [Id(5)] public required NodeUse Use { get; init; }

    /// <summary>The run of the operating system, and the lock file, of the process that wrote it; for operators.</summary>
    [Id(6)] public required string Place { get; init; }

    /// <summary>What a version must know to write over this row.</summary>
    [Id(7)] public int Level { get; init; } = FormatLevel.Known;

    public override string ToString() => $"{Life} renewal {Renewal} ({Use}) at '{Place}'";
}

/// <summary>A node's row as it was read, with the ETag that the next swap must name.</summary>
internal sealed record StoredNode(NodeRecord Record, string ETag);

/// <summary>
/// Where nodes' rows live. Any exception from <see cref="SwapAsync"/> means an <em>unknown outcome</em>: the swap may still land later
/// (G1).
/// </summary>
internal interface INodeStore
{
    Task<StoredNode?> ReadAsync(NodeId node);

    /// <summary>
    /// Inserts (ETag null) or replaces the row if it still carries the ETag. Null: definitely not done, the row is another.
    /// </summary>
    Task<StoredNode?> SwapAsync(NodeRecord next, string? expectedETag);
}
