using Orleans.MasterSlave.Contracts;
using Orleans.Storage;

namespace Orleans.MasterSlave.Group;

/// <summary>Nodes' rows in any grain storage that honours ETags. Calls begin on the thread pool, as those for group records do.</summary>
internal sealed class GrainStorageNodeStore(IGrainStorage storage) : INodeStore
{
    public async Task<StoredNode?> ReadAsync(NodeId node)
    {
        var state = new GrainState<NodeRow>(new NodeRow());
        await Task.Run(() => storage.ReadStateAsync(NodeRegistry.StateName, RowOf(node), state));
        return state.RecordExists && state.State?.Record is { } record ? new StoredNode(record, state.ETag!) : null;
    }

    public async Task<StoredNode?> SwapAsync(NodeRecord next, string? expectedETag)
    {
        var state = new GrainState<NodeRow>(new NodeRow { Record = next }, expectedETag) { RecordExists = expectedETag is not null };
        try
        {
            await Task.Run(() => storage.WriteStateAsync(NodeRegistry.StateName, RowOf(next.Life.Node), state));
        }
        catch (InconsistentStateException)
        {
            return null;
        }

        return new StoredNode(next, state.ETag!);
    }

    private static GrainId RowOf(NodeId node) => GrainId.Create("masterslave.node", node.Value.ToString("N"));
}
