using Orleans.MasterSlave.Contracts;
using Orleans.Storage;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// What the group store knows of itself (I1): its random id, and the probe that it honours ETags at all. Nodes' rows:
/// <see cref="GrainStorageNodeStore"/>.
/// </summary>
internal sealed class NodeRegistry(IGrainStorage storage, Func<Guid> newGuid)
{
    public const string StateName = "masterslave-node";
    private readonly StorageRows<NodeRow> _rows = new(storage, StateName);

    /// <summary>The store's id: made by whoever comes first.</summary>
    public async Task<StoreId> StoreIdAsync()
    {
        var row = GrainId.Create("masterslave.store", "id");
        var found = await _rows.ReadAsync(row);
        if (found.RecordExists) return new StoreId(found.State!.StoreId);
        var made = new NodeRow { StoreId = newGuid() };
        return new StoreId(await _rows.TryWriteAsync(row, made, expectedETag: null) is not null ? made.StoreId : (await _rows.ReadAsync(row)).State!.StoreId);
    }

    /// <summary>Refuses storage that does not insert only if absent, or does not compare ETags.</summary>
    public async Task ProbeAsync()
    {
        var row = GrainId.Create("masterslave.probe", newGuid().ToString("N"));
        var first = (await _rows.TryWriteAsync(row, new NodeRow { Probe = 1 }, expectedETag: null))?.ETag;
        var insertedTwice = await _rows.TryWriteAsync(row, new NodeRow { Probe = 2 }, expectedETag: null) is not null;
        var swapped = await _rows.TryWriteAsync(row, new NodeRow { Probe = 3 }, first) is not null;
        var swappedTwice = await _rows.TryWriteAsync(row, new NodeRow { Probe = 4 }, first) is not null;
        await _rows.ClearAsync(row, await _rows.ReadAsync(row));
        if (insertedTwice || !swapped || swappedTwice)
            throw new MasterSlaveConfigurationException(
                $"The grain storage for group records ({storage.GetType().Name}) does not honour ETags: two masters could be made at once. " +
                "Use storage with optimistic concurrency, such as AddAdoNetGrainStorage(\"MasterSlave\", ...) or AddSqliteGrainStorage(\"MasterSlave\", ...).");
    }
}

/// <summary>A row about the store or a node.</summary>
[GenerateSerializer, Alias("masterslave.node-row")]
internal sealed class NodeRow
{
    [Id(0)] public Guid StoreId { get; set; }
    [Id(1)] public long Probe { get; set; }
    [Id(2)] public NodeRecord? Record { get; set; }
}
