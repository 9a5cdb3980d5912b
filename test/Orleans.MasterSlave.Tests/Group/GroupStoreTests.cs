using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Sqlite;
using Orleans.MasterSlave.TestKit;
using Orleans.Runtime;
using Orleans.Storage;
using Xunit;

namespace Orleans.MasterSlave.Tests.Group;

/// <summary>One row for each group, whatever the storage takes for the same key.</summary>
public sealed class GroupStoreTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly StorageServices _services = new();
    private readonly SqliteStore _store;

    public GroupStoreTests() => _store = new SqliteStore(_directory.File("store.db"), TimeSpan.FromSeconds(20), TimeProvider.System);

    public void Dispose()
    {
        _store.Dispose();
        _services.Dispose();
        _directory.Dispose();
    }

    private IGrainStorage Folding(Func<string, string> fold) => new FoldingStorage(_services.Sqlite(_store), fold);

    /// <summary>As Azure Tables, and as a database whose collation folds case.</summary>
    private static string Fold(string key) => string.Concat(key.Select(c => c is '/' or '\\' or '#' or '?' || char.IsControl(c) ? '_' : c)).TrimEnd().ToUpperInvariant().Normalize();

    private static string Cut(string key) => key.Length > 40 ? key[..40] : key;

    [Fact]
    public async Task Groups_WhoseNamesAreOneToTheStorage_HaveRowsOfTheirOwn()
    {
        var store = new GrainStorageGroupStore(Folding(Fold));
        var groups = NodeRegistry.NamesThatStoresFold("x").Select(Group).ToList();
        Assert.True(groups.Select(g => Fold(g.Grain.Key.ToString()!)).Distinct().Count() < groups.Count);
        foreach (var group in groups) Assert.NotNull(await store.SwapAsync(RecordOf(group), expectedETag: null));
        foreach (var group in groups) Assert.Equal(group, (await store.ReadAsync(group))!.Record.Group);
        await new NodeRegistry(Folding(Fold), Guid.NewGuid).ProbeAsync();
    }

    [Fact]
    public async Task RowOfAnotherGroup_IsRefused_AndNamed()
    {
        var store = new GrainStorageGroupStore(Folding(_ => "one for all"));
        await store.SwapAsync(RecordOf(Group("a")), expectedETag: null);
        var refusal = await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => store.ReadAsync(Group("b")));
        Assert.Contains("test/a where that of test/b belongs", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probe_OfStorageThatCutsKeys_IsRefused()
    {
        var refusal = await Assert.ThrowsAsync<MasterSlaveConfigurationException>(() => new NodeRegistry(Folding(Cut), Guid.NewGuid).ProbeAsync());
        Assert.Contains("different keys for one", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>An operator finds a group's row by this: printf 'test\0a' | sha256sum.</summary>
    [Fact]
    public void Key_OfARow_IsTheHashOfTheGroupsName() =>
        Assert.Equal("masterslave.group/43e0fa44b5fd748305b746b4d8653bc049f796a4867bd4ebc151bc2e33eaceaf", $"{GroupRowKey.Of(Group("a"))}");

    private static GroupId Group(string key) => new(GrainId.Create("test", key));

    private static GroupRecord RecordOf(GroupId group) => GroupPolicy.Create(
        new GroupPlan(group, [new NodeId(new Guid(1, 0, 0, new byte[8]))], ReplicationMode.Synchronous, 1),
        new MasterClaim(new NodeLife(new NodeId(new Guid(1, 0, 0, new byte[8])), 1), 1), default, new GroupBirth(Guid.NewGuid()));
}
