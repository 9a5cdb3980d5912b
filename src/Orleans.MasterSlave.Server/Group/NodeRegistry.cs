using Orleans.MasterSlave.Contracts;
using Orleans.Storage;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// What the group store knows of itself (I1): its random id, and the probe that it honours ETags at all. Nodes' rows: <see cref="GrainStorageNodeStore"/>.
/// </summary>
internal sealed class NodeRegistry(IGrainStorage storage, Func<Guid> newGuid)
{
    public const string StateName = "masterslave-node";

    /// <summary>The store's id: made by whoever comes first.</summary>
    public async Task<StoreId> StoreIdAsync()
    {
        var row = GrainId.Create("masterslave.store", "id");
        var found = await ReadAsync(row);
        if (!found.RecordExists)
        {
            found.State = new NodeRow { StoreId = newGuid() };
            if (!await TryWriteAsync(row, found)) found = await ReadAsync(row);
        }

        return new StoreId(found.State!.StoreId);
    }

    /// <summary>Refuses storage that does not insert only if absent, or does not compare ETags.</summary>
    public async Task ProbeAsync()
    {
        var row = GrainId.Create("masterslave.probe", newGuid().ToString("N"));
        var first = new GrainState<NodeRow>(new NodeRow { Probe = 1 });
        await storage.WriteStateAsync(StateName, row, first);
        var insertedTwice = await TryWriteAsync(row, new GrainState<NodeRow>(new NodeRow { Probe = 2 }));
        var stale = new GrainState<NodeRow>(new NodeRow { Probe = 3 }, first.ETag!) { RecordExists = true };
        var swapped = await TryWriteAsync(row, stale);
        var swappedTwice = await TryWriteAsync(row, new GrainState<NodeRow>(new NodeRow { Probe = 4 }, first.ETag!) { RecordExists = true });
        var last = await ReadAsync(row);
        await storage.ClearStateAsync(StateName, row, last);
        if (insertedTwice || !swapped || swappedTwice)
            throw new MasterSlaveConfigurationException(
                $"The grain storage for group records ({storage.GetType().Name}) does not honour ETags: two masters could be made at once. " +
                "Use storage with optimistic concurrency, such as AddAdoNetGrainStorage(\"MasterSlave\", ...) or AddSqliteGrainStorage(\"MasterSlave\", ...).");
    }

    private async Task<GrainState<NodeRow>> ReadAsync(GrainId row)
    {
        var state = new GrainState<NodeRow>(new NodeRow());
        await storage.ReadStateAsync(StateName, row, state);
        state.State ??= new NodeRow();
        return state;
    }

    private async Task<bool> TryWriteAsync(GrainId row, GrainState<NodeRow> state)
    {
        try
        {
            await storage.WriteStateAsync(StateName, row, state);
            return true;
        }
        catch (InconsistentStateException)
        {
            return false;
        }
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
