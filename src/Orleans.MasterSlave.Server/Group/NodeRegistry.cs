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

    /// <summary>Refuses storage that does not insert only if absent, does not compare ETags, or takes keys of the form that is used here for one.</summary>
    public async Task ProbeAsync()
    {
        await ProbeKeysAsync();
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

    /// <summary>
    /// Groups whose names differ in what some stores fold: case, slashes, control characters, trailing spaces, the end of a long key; and keys that differ in the
    /// first or last digit only. No two may share a row.
    /// </summary>
    private async Task ProbeKeysAsync()
    {
        var run = newGuid().ToString("N");
        var rows = NamesThatStoresFold(run).Select(name => GroupRowKey.Of(new GroupId(GrainId.Create("masterslave.probe", name)))).ToList();
        rows.AddRange(rows.Take(1).SelectMany(Twins).ToList());
        var kept = await Task.WhenAll(rows.Select((row, i) => _rows.TryWriteAsync(row, new NodeRow { Probe = i + 1 }, expectedETag: null)));
        var found = await Task.WhenAll(rows.Select(_rows.ReadAsync));
        var shared = rows.Where((_, i) => kept[i] is null || !found[i].RecordExists || found[i].State!.Probe != i + 1).ToList();
        if (shared.Count == 0) await Task.WhenAll(rows.Select((row, i) => _rows.ClearAsync(row, found[i])));
        if (shared.Count > 0)
            throw new MasterSlaveConfigurationException(
                $"The grain storage for group records ({storage.GetType().Name}) takes different keys for one, such as {shared[0]}: two groups would share a record. Use storage that keeps keys of {rows[0].Key.AsSpan().Length} characters apart.");
    }

    /// <summary>Each pair of these is one key to some store.</summary>
    public static IEnumerable<string> NamesThatStoresFold(string run) =>
    [
        $"{run} a/b", $"{run} A/B", $"{run} a\\b", $"{run} a#b", $"{run} a?b", $"{run} a_b", $"{run} a\tb", $"{run} a\u0001b", $"{run} a b ", $"{run} a b", $"{run} ä", $"{run} a\u0308",
        $"{run} {new string('x', 2_000)}1", $"{run} {new string('x', 2_000)}2",
    ];

    private static IEnumerable<GrainId> Twins(GrainId row)
    {
        var key = row.Key.ToString()!;
        yield return GrainId.Create(row.Type, $"{(key[0] == '0' ? '1' : '0')}{key[1..]}");
        yield return GrainId.Create(row.Type, $"{key[..^1]}{(key[^1] == '0' ? '1' : '0')}");
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
