using Orleans.MasterSlave.Contracts;
using Orleans.Storage;

namespace Orleans.MasterSlave.Group;

/// <summary>Nodes' rows in any grain storage that honours ETags.</summary>
internal sealed class GrainStorageNodeStore(IGrainStorage storage) : INodeStore
{
    private readonly StorageRows<NodeRow> _rows = new(storage, NodeRegistry.StateName);

    public async Task<StoredNode?> ReadAsync(NodeId node)
    {
        var row = await _rows.ReadAsync(RowOf(node));
        return row.RecordExists && row.State?.Record is { } record ? new StoredNode(record, row.ETag!) : null;
    }

    public async Task<StoredNode?> SwapAsync(NodeRecord next, string? expectedETag) =>
        await _rows.TryWriteAsync(RowOf(next.Life.Node), new NodeRow { Record = next }, expectedETag) is { } row ? new StoredNode(next, row.ETag!) : null;

    private static GrainId RowOf(NodeId node) => GrainId.Create("masterslave.node", node.Value.ToString("N"));
}
