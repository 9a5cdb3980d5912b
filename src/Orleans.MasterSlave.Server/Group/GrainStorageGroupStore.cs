using Orleans.MasterSlave.Contracts;
using Orleans.Storage;

namespace Orleans.MasterSlave.Group;

/// <summary>Group records in any grain storage that honours ETags.</summary>
internal sealed class GrainStorageGroupStore(IGrainStorage storage) : IGroupStore
{
    private readonly StorageRows<GroupRow> _rows = new(storage, "masterslave-group");

    public async Task<StoredGroup?> ReadAsync(GroupId group)
    {
        var row = await _rows.ReadAsync(RowOf(group));
        return row.RecordExists && row.State?.Record is { } record ? new StoredGroup(record, row.ETag!) : null;
    }

    public async Task<StoredGroup?> SwapAsync(GroupRecord next, string? expectedETag) =>
        await _rows.TryWriteAsync(RowOf(next.Group), new GroupRow { Record = next }, expectedETag) is { } row ? new StoredGroup(next, row.ETag!) : null;

    private static GrainId RowOf(GroupId group) => GrainId.Create("masterslave.group", group.Grain.ToString());
}

/// <summary>What is stored. A class with a settable member, as every storage serializer can write it.</summary>
[GenerateSerializer, Alias("masterslave.group-row")]
internal sealed class GroupRow
{
    [Id(0)] public GroupRecord? Record { get; set; }
}
