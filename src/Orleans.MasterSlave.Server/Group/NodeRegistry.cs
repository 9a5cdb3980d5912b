using Orleans.MasterSlave.Contracts;
using Orleans.Storage;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// What the group store knows of itself and of nodes (I1, I2): its random id, one row for each node's start count, and the probe that it honours
/// ETags at all.
/// </summary>
internal sealed class NodeRegistry(IGrainStorage storage, Func<Guid> newGuid)
{
    private const string StateName = "masterslave-node";

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
    public async Task ProbeAsync(NodeId node)
    {
        var row = GrainId.Create("masterslave.probe", newGuid().ToString("N"));
        var first = new GrainState<NodeRow>(new NodeRow { StartCount = 1 });
        await storage.WriteStateAsync(StateName, row, first);
        var insertedTwice = await TryWriteAsync(row, new GrainState<NodeRow>(new NodeRow { StartCount = 2 }));
        var stale = new GrainState<NodeRow>(new NodeRow { StartCount = 3 }, first.ETag!) { RecordExists = true };
        var swapped = await TryWriteAsync(row, stale);
        var swappedTwice = await TryWriteAsync(row, new GrainState<NodeRow>(new NodeRow { StartCount = 4 }, first.ETag!) { RecordExists = true });
        var last = await ReadAsync(row);
        await storage.ClearStateAsync(StateName, row, last);
        if (insertedTwice || !swapped || swappedTwice)
            throw new MasterSlaveConfigurationException(
                $"The grain storage for group records ({storage.GetType().Name}) does not honour ETags: two masters could be made at once. " +
                "Use storage with optimistic concurrency, such as AddAdoNetGrainStorage(\"MasterSlave\", ...) or AddSqliteGrainStorage(\"MasterSlave\", ...).");
    }

    /// <summary>Counts a start (I2): from the directory's count to the next, unless the row is ahead of the directory.</summary>
    public async Task CountStartAsync(NodeLife life, string directory)
    {
        var row = GrainId.Create("masterslave.node", life.Node.Value.ToString("N"));
        var state = await ReadAsync(row);
        if (state.RecordExists && state.State!.StartCount >= life.StartCount)
            throw new MasterSlaveConfigurationException(
                $"The log directory '{directory}' is a copy, or was restored from a backup: node {life.Node} has started {state.State!.StartCount} times, " +
                $"and the directory knows of {life.StartCount - 1}. What the node acknowledged since may be missing from it. Put the newest directory back. " +
                "If that is lost, give the silo an empty one: it starts as a new node, and the groups of the old one go on with a replica fewer.");
        state.State = new NodeRow { StartCount = life.StartCount };
        if (!await TryWriteAsync(row, state))
            throw new MasterSlaveConfigurationException($"Another process starts with the identity of node {life.Node}: '{directory}' must belong to one silo only.");
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
    [Id(1)] public long StartCount { get; set; }
}
