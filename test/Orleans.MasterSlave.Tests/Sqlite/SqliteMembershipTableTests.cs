using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.MasterSlave.Sqlite;
using Orleans.MasterSlave.TestKit;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Sqlite;

public sealed class SqliteMembershipTableTests : MembershipTableContract, IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly List<SqliteStores> _stores = [];

    [Fact]
    public async Task InsertRow_IsReadBackWhole_ByAnotherProcess()
    {
        var table = await OpenAsync();
        var entry = Entry(1);
        entry.AddSuspector(Silo(7), Start.AddSeconds(3));
        entry.AddSuspector(SiloAddress.New(IPAddress.IPv6Loopback, 4, 5), Start.AddSeconds(4));
        Assert.True(await table.InsertRowAsync(entry, (await table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        CloseAll();

        var data = await (await OpenAsync()).ReadAllAsync(Cancelled);

        Assert.Equal(1, data.Version.Version);
        var read = Assert.Single(data.Members).Item1;
        Assert.Equal(entry.ToFullString(), read.ToFullString());
        Assert.Equal(entry.SuspectTimes, read.SuspectTimes);
        Assert.Equal((entry.StartTime, entry.IAmAliveTime, DateTimeKind.Utc), (read.StartTime, read.IAmAliveTime, read.StartTime.Kind));
    }

    [Fact]
    public async Task UpdateRow_WithAnOldRowETag_IsRefused_AndChangesNothing()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRowAsync(Entry(1), (await table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        var old = await table.ReadRowAsync(Silo(1), Cancelled);
        Assert.True(await table.UpdateRowAsync(Entry(1), old.Members[0].Item2, old.Version.Next(), Cancelled));
        var now = await table.ReadRowAsync(Silo(1), Cancelled);

        Assert.False(await table.UpdateRowAsync(Entry(1, SiloStatus.Dead), old.Members[0].Item2, now.Version.Next(), Cancelled));

        var after = await table.ReadAllAsync(Cancelled);
        Assert.Equal(now.Version, after.Version);
        Assert.Equal(SiloStatus.Active, Assert.Single(after.Members).Item1.Status);
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_RemovesDeadRowsWithoutRecentSigns()
    {
        var table = await OpenAsync();
        var recentVote = Entry(3, SiloStatus.Dead);
        recentVote.AddSuspector(Silo(1), Start.AddHours(2));
        foreach (var entry in (MembershipEntry[])[Entry(1), Entry(2, SiloStatus.Dead), recentVote, Entry(4, SiloStatus.Joining)])
        {
            Assert.True(await table.InsertRowAsync(entry, (await table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        }

        await table.CleanupDefunctSiloEntriesAsync(new DateTimeOffset(Start.AddHours(1)), Cancelled);

        var left = (await table.ReadAllAsync(Cancelled)).Members.Select(member => member.Item1.SiloAddress.Endpoint.Port).Order();
        Assert.Equal([1, 3, 4], left);
    }

    [Fact]
    public async Task DeleteMembershipTableEntries_LeavesOtherClusters()
    {
        var (mine, other) = (await OpenAsync("mine"), await OpenAsync("other"));
        Assert.True(await mine.InsertRowAsync(Entry(1), (await mine.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        Assert.True(await other.InsertRowAsync(Entry(1), (await other.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        var old = (await mine.ReadAllAsync(Cancelled)).Version;

        await mine.DeleteMembershipTableEntriesAsync("mine", Cancelled);

        Assert.Empty((await mine.ReadAllAsync(Cancelled)).Members);
        Assert.Single((await other.ReadAllAsync(Cancelled)).Members);
        await mine.InitializeMembershipTableAsync(true, Cancelled);
        Assert.False(await mine.InsertRowAsync(Entry(2), old.Next(), Cancelled)); // a version from before does not hit the new table
    }

    [Fact]
    public async Task Gateways_AreTheActiveSilosThatListenForClients()
    {
        var table = await OpenAsync();
        var silent = Entry(3);
        silent.ProxyPort = 0;
        foreach (var entry in (MembershipEntry[])[Entry(1), Entry(2, SiloStatus.Dead), silent, Entry(4, SiloStatus.Joining)])
        {
            Assert.True(await table.InsertRowAsync(entry, (await table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        }

        var provider = new SqliteGatewayListProvider(Stores(), Clustering(), Cluster("c"), Options.Create(new GatewayOptions()));
        await provider.InitializeGatewayListProvider();

        Assert.Equal("gwy.tcp://127.0.0.1:30001/101", Assert.Single(await provider.GetGateways()).ToString().TrimEnd('/'));
    }

    public void Dispose()
    {
        CloseAll();
        _directory.Dispose();
    }

    protected override Task<IMembershipTable> OpenAsync() => OpenAsync("c");

    private async Task<IMembershipTable> OpenAsync(string clusterId)
    {
        IMembershipTable table = new SqliteMembershipTable(Stores(), Clustering(), Cluster(clusterId));
        await table.InitializeMembershipTableAsync(true, Cancelled);
        return table;
    }

    private SqliteStores Stores()
    {
        _stores.Add(new SqliteStores(TimeProvider.System));
        return _stores[^1];
    }

    private void CloseAll()
    {
        _stores.ForEach(stores => stores.Dispose());
        _stores.Clear();
    }

    private IOptions<SqliteClusteringOptions> Clustering() => Options.Create(new SqliteClusteringOptions { Path = _directory.File("cluster.db") });

    private static IOptions<ClusterOptions> Cluster(string id) => Options.Create(new ClusterOptions { ClusterId = id, ServiceId = "s" });
}
