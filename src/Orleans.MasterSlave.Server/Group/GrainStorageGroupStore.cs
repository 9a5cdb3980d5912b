using Orleans.MasterSlave.Contracts;
using Orleans.Storage;

namespace Orleans.MasterSlave.Group;

/// <summary>Group records in any grain storage that honours ETags. A conflict is told by InconsistentStateException; anything else leaves the outcome open.</summary>
/// <remarks>
/// Calls begin on the thread pool: a provider that blocks its thread must not block the coordinators of all groups, which share one scheduler.
/// </remarks>
internal sealed class GrainStorageGroupStore(IGrainStorage storage) : IGroupStore
{
    private const string StateName = "masterslave-group";

    public async Task<StoredGroup?> ReadAsync(GroupId group)
    {
        var state = new GrainState<GroupRow>(new GroupRow());
        await Task.Run(() => storage.ReadStateAsync(StateName, RowOf(group), state));
        return state.RecordExists && state.State?.Record is { } record ? new StoredGroup(record, state.ETag!) : null;
    }

    public async Task<StoredGroup?> SwapAsync(GroupRecord next, string? expectedETag)
    {
        var state = new GrainState<GroupRow>(new GroupRow { Record = next }, expectedETag) { RecordExists = expectedETag is not null };
        try
        {
            await Task.Run(() => storage.WriteStateAsync(StateName, RowOf(next.Group), state));
        }
        catch (InconsistentStateException)
        {
            return null;
        }

        return new StoredGroup(next, state.ETag!);
    }

    private static GrainId RowOf(GroupId group) => GrainId.Create("masterslave.group", group.Grain.ToString());
}

/// <summary>What is stored. A class with a settable member, as every storage serializer can write it.</summary>
[GenerateSerializer, Alias("masterslave.group-row")]
internal sealed class GroupRow
{
    [Id(0)] public GroupRecord? Record { get; set; }
}
