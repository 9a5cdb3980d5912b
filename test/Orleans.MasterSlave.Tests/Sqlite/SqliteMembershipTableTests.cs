using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.MasterSlave.Sqlite;
using Orleans.MasterSlave.TestKit;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Sqlite;

public sealed class SqliteMembershipTableTests : IDisposable
{
    private static readonly DateTime Start = new(2030, 5, 6, 7, 8, 9, 123, DateTimeKind.Utc);

    private readonly TempDirectory _directory = new();
    private readonly List<SqliteStores> _stores = [];

    [Fact]
    public async Task ReadAll_OfANewTable_IsVersionZeroAndEmpty()
    {
        var data = await (await OpenAsync()).ReadAll();

        Assert.Equal(0, data.Version.Version);
        Assert.Empty(data.Members);
    }

    [Fact]
    public async Task Initialize_OfAnExistingTable_KeepsIt()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRow(Entry(1), (await table.ReadAll()).Version.Next()));
        var before = await table.ReadAll();

        await table.InitializeMembershipTable(true);

        Assert.Equal(before.Version, (await table.ReadAll()).Version);
    }

    [Fact]
    public async Task InsertRow_IsReadBackWhole_ByAnotherProcess()
    {
        var table = await OpenAsync();
        var entry = Entry(1);
        entry.AddSuspector(Silo(7), Start.AddSeconds(3));
        entry.AddSuspector(SiloAddress.New(IPAddress.IPv6Loopback, 4, 5), Start.AddSeconds(4));
        Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));
        CloseAll();

        var data = await (await OpenAsync()).ReadAll();

        Assert.Equal(1, data.Version.Version);
        var read = Assert.Single(data.Members).Item1;
        Assert.Equal(entry.ToFullString(), read.ToFullString());
        Assert.Equal(entry.SuspectTimes, read.SuspectTimes);
        Assert.Equal((entry.StartTime, entry.IAmAliveTime, DateTimeKind.Utc), (read.StartTime, read.IAmAliveTime, read.StartTime.Kind));
    }

    [Fact]
    public async Task InsertRow_OfAKnownSilo_IsRefused_AndChangesNothing()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRow(Entry(1), (await table.ReadAll()).Version.Next()));
        var before = await table.ReadAll();

        Assert.False(await table.InsertRow(Entry(1), before.Version.Next()));

        Assert.Equal(before.Version, (await table.ReadAll()).Version);
    }

    [Fact]
    public async Task InsertRow_WithAnOldTableVersion_IsRefused_AndChangesNothing()
    {
        var table = await OpenAsync();
        var old = (await table.ReadAll()).Version.Next();
        Assert.True(await table.InsertRow(Entry(1), old));

        Assert.False(await table.InsertRow(Entry(2), old));

        Assert.Single((await table.ReadAll()).Members);
    }

    [Fact]
    public async Task UpdateRow_ReplacesRowAndVersion_WithNewETags()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRow(Entry(1), (await table.ReadAll()).Version.Next()));
        var before = await table.ReadRow(Silo(1));
        var entry = Entry(1, SiloStatus.Dead);

        Assert.True(await table.UpdateRow(entry, before.Members[0].Item2, before.Version.Next()));

        var after = await table.ReadRow(Silo(1));
        Assert.Equal(SiloStatus.Dead, after.Members[0].Item1.Status);
        Assert.NotEqual(before.Members[0].Item2, after.Members[0].Item2);
        Assert.Equal(2, after.Version.Version);
        Assert.NotEqual(before.Version.VersionEtag, after.Version.VersionEtag);
    }

    [Fact]
    public async Task UpdateRow_WithAnOldRowETag_OrAnOldVersion_OrNoRow_IsRefused_AndChangesNothing()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRow(Entry(1), (await table.ReadAll()).Version.Next()));
        var old = await table.ReadRow(Silo(1));
        Assert.True(await table.UpdateRow(Entry(1), old.Members[0].Item2, old.Version.Next()));
        var now = await table.ReadRow(Silo(1));

        Assert.False(await table.UpdateRow(Entry(1, SiloStatus.Dead), old.Members[0].Item2, now.Version.Next()));
        Assert.False(await table.UpdateRow(Entry(1, SiloStatus.Dead), now.Members[0].Item2, old.Version.Next()));
        Assert.False(await table.UpdateRow(Entry(2), now.Members[0].Item2, now.Version.Next()));

        var after = await table.ReadAll();
        Assert.Equal(now.Version, after.Version);
        Assert.Equal(SiloStatus.Active, Assert.Single(after.Members).Item1.Status);
    }

    [Fact]
    public async Task UpdateIAmAlive_ChangesTheTimeAlone()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRow(Entry(1), (await table.ReadAll()).Version.Next()));
        var before = await table.ReadRow(Silo(1));
        var report = Entry(1, SiloStatus.Dead);
        report.IAmAliveTime = Start.AddMinutes(9);

        await table.UpdateIAmAlive(report);

        var after = await table.ReadRow(Silo(1));
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(before.Members[0].Item2, after.Members[0].Item2);
        Assert.Equal((SiloStatus.Active, Start.AddMinutes(9)), (after.Members[0].Item1.Status, after.Members[0].Item1.IAmAliveTime));
    }

    [Fact]
    public async Task ReadRow_OfAnUnknownSilo_GivesTheVersionAlone()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRow(Entry(1), (await table.ReadAll()).Version.Next()));

        var data = await table.ReadRow(Silo(2));

        Assert.Empty(data.Members);
        Assert.Equal(1, data.Version.Version);
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_RemovesDeadRowsWithoutRecentSigns()
    {
        var table = await OpenAsync();
        var recentVote = Entry(3, SiloStatus.Dead);
        recentVote.AddSuspector(Silo(1), Start.AddHours(2));
        foreach (var entry in (MembershipEntry[])[Entry(1), Entry(2, SiloStatus.Dead), recentVote, Entry(4, SiloStatus.Joining)])
        {
            Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));
        }

        await table.CleanupDefunctSiloEntries(new DateTimeOffset(Start.AddHours(1)));

        var left = (await table.ReadAll()).Members.Select(member => member.Item1.SiloAddress.Endpoint.Port).Order();
        Assert.Equal([1, 3, 4], left);
    }

    [Fact]
    public async Task DeleteMembershipTableEntries_LeavesOtherClusters()
    {
        var (mine, other) = (await OpenAsync("mine"), await OpenAsync("other"));
        Assert.True(await mine.InsertRow(Entry(1), (await mine.ReadAll()).Version.Next()));
        Assert.True(await other.InsertRow(Entry(1), (await other.ReadAll()).Version.Next()));
        var old = (await mine.ReadAll()).Version;

        await mine.DeleteMembershipTableEntries("mine");

        Assert.Empty((await mine.ReadAll()).Members);
        Assert.Single((await other.ReadAll()).Members);
        await mine.InitializeMembershipTable(true);
        Assert.False(await mine.InsertRow(Entry(2), old.Next())); // a version from before does not hit the new table
    }

    [Fact]
    public async Task Changes_AtTheSameTime_MoveTheVersionOneByOne()
    {
        const int silos = 8;
        var tables = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => OpenAsync()));
        await Task.WhenAll(Enumerable.Range(1, silos).Select(async i =>
        {
            while (!await tables[i % 3].InsertRow(Entry(i), (await tables[i % 3].ReadAll()).Version.Next()))
            {
            }
        }));

        var data = await tables[0].ReadAll();
        Assert.Equal((silos, silos), (data.Version.Version, data.Members.Count));
        Assert.Equal(silos, data.Members.Select(member => member.Item2).Distinct().Count());
    }

    [Fact]
    public async Task Gateways_AreTheActiveSilosThatListenForClients()
    {
        var table = await OpenAsync();
        var silent = Entry(3);
        silent.ProxyPort = 0;
        foreach (var entry in (MembershipEntry[])[Entry(1), Entry(2, SiloStatus.Dead), silent, Entry(4, SiloStatus.Joining)])
        {
            Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));
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

    private async Task<SqliteMembershipTable> OpenAsync(string clusterId = "c")
    {
        var table = new SqliteMembershipTable(Stores(), Clustering(), Cluster(clusterId));
        await table.InitializeMembershipTable(true);
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

    private static SiloAddress Silo(int number) => SiloAddress.New(IPAddress.Loopback, number, 100 + number);

    private static MembershipEntry Entry(int number, SiloStatus status = SiloStatus.Active) => new()
    {
        SiloAddress = Silo(number),
        Status = status,
        ProxyPort = 30000 + number,
        HostName = "host",
        SiloName = $"silo{number}",
        RoleName = "role",
        UpdateZone = 4,
        FaultZone = 5,
        StartTime = Start,
        IAmAliveTime = Start.AddSeconds(1),
    };
}
