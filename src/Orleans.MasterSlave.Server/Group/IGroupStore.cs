using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Group;

/// <summary>A row as it was read, with the ETag that the next swap must name.</summary>
internal sealed record StoredGroup(GroupRecord Record, string ETag);

/// <summary>
/// Where group records live. Any exception from <see cref="SwapAsync"/> means an <em>unknown outcome</em>: the swap may still land later (G1).
/// </summary>
internal interface IGroupStore
{
    Task<StoredGroup?> ReadAsync(GroupId group);

    /// <summary>Inserts (ETag null) or replaces the row if it still carries the ETag. Null: definitely not done, the row is another.</summary>
    Task<StoredGroup?> SwapAsync(GroupRecord next, string? expectedETag);
}
