using Orleans.Concurrency;

namespace Orleans.MasterSlave.Contracts;

/// <summary>What callers may ask of one replica, addressed by its pinned grain id (see <see cref="ReplicaGrainId"/>).</summary>
[Alias("masterslave.IReplicaEndpoint")]
internal interface IReplicaEndpoint : Orleans.Runtime.IGrainExtension
{
    /// <summary>Executes a changing call if this replica is the master.</summary>
    [AlwaysInterleave, Alias("execute")]
    Task<CallReply> ExecuteAsync(Operation operation);

    /// <summary>Executes a read-only call if this replica is fresh enough.</summary>
    [AlwaysInterleave, Alias("read")]
    Task<CallReply> ReadAsync(ReadRequest request);

    /// <summary>Takes a snapshot; completes when it is on disk.</summary>
    [AlwaysInterleave, Alias("snapshot")]
    Task SnapshotAsync();

    /// <summary>An operator's question, or word, on the entry at which the group stopped (W10).</summary>
    [AlwaysInterleave, Alias("skip")]
    Task<SkipReply> SkipAsync(SkipRequest request);
}

/// <summary>Serves group records to callers, keyed by <see cref="GroupDirectoryKey"/>. Its directory answers "on the caller's own silo" (G9).</summary>
[Alias("masterslave.IGroupDirectory")]
internal interface IGroupDirectoryGrain : IGrainWithStringKey
{
    /// <summary>The group's view; creates the group when it does not exist. <paramref name="refusedVersion"/> skips every cache up to that version (G9); -1 takes what is cached.</summary>
    [Alias("resolve")]
    Task<GroupView> ResolveAsync(GroupId group, long refusedVersion);
}

/// <summary>
/// Carries calls over another gateway: keyed by a random key and resolved on whichever silo receives it, so that a retry does not take
/// the same dead gateway again. Its replies name that silo. When the replica has not answered within <c>patience</c>, it answers itself:
/// see <see cref="CallReply.Unanswered"/>.
/// </summary>
[Alias("masterslave.IRelay")]
internal interface IRelayGrain : IGrainWithStringKey
{
    [Alias("execute"), AlwaysInterleave]
    Task<CallReply> ExecuteAsync(GrainId replica, Operation operation, TimeSpan patience);

    [Alias("read"), AlwaysInterleave]
    Task<CallReply> ReadAsync(GrainId replica, ReadRequest request, TimeSpan patience);

    [Alias("resolve"), AlwaysInterleave]
    Task<GroupView> ResolveAsync(GroupId group, long refusedVersion);

    /// <summary>The silo to which this key leads.</summary>
    [Alias("where"), AlwaysInterleave]
    Task<SiloAddress> WhereAsync();
}

/// <summary>
/// The key by which callers address <see cref="IGroupDirectoryGrain"/> for a group: one of a few, so that activations are few, and one group's slow
/// answer does not hold up every other's.
/// </summary>
internal static class GroupDirectoryKey
{
    private const uint Count = 16;
    private static readonly string[] Keys = [.. Enumerable.Range(0, (int)Count).Select(number => $"{number}")];

    public static string Of(GroupId group) => Keys[group.Grain.GetUniformHashCode() % Count];
}
