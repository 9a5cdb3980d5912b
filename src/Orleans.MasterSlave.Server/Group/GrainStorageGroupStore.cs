using Orleans.MasterSlave.Contracts;
using Orleans.Storage;

namespace Orleans.MasterSlave.Group;

/// <summary>Group records in any grain storage that honours ETags.</summary>
internal sealed class GrainStorageGroupStore(IGrainStorage storage) : IGroupStore
{
    private readonly StorageRows<GroupRow> _rows = new(storage, "masterslave-group");

    /// <exception cref="MasterSlaveConfigurationException">The row is another group's.</exception>
    public async Task<StoredGroup?> ReadAsync(GroupId group)
    {
        var row = await _rows.ReadAsync(GroupRowKey.Of(group));
        if (!row.RecordExists || row.State?.Record is not { } record) return null;
        if (record.Group != group)
            throw new MasterSlaveConfigurationException(
                $"The group store ({storage.GetType().Name}) keeps the record of {record.Group} where that of {group} belongs: it takes different keys for one, or rows were copied. Nothing is served from it.");
        return new StoredGroup(record, row.ETag!);
    }

    public async Task<StoredGroup?> SwapAsync(GroupRecord next, string? expectedETag) =>
        await _rows.TryWriteAsync(GroupRowKey.Of(next.Group), new GroupRow { Record = next }, expectedETag) is { } row ? new StoredGroup(next, row.ETag!) : null;
}

/// <summary>What is stored. A class with a settable member, as every storage serializer can write it.</summary>
[GenerateSerializer, Alias("masterslave.group-row")]
internal sealed class GroupRow
{
    [Id(0)] public GroupRecord? Record { get; set; }
}
