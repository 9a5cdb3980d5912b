using System.Net;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.TestKit;

/// <summary>What Orleans asks of a membership table. Each table that the product ships or supports runs these tests in a class of its own.</summary>
public abstract class MembershipTableContract
{
    protected static readonly DateTime Start = new(2030, 5, 6, 7, 8, 9, 123, DateTimeKind.Utc);

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>The table of this test's cluster, initialized: a new object at each call, as another silo would have it.</summary>
    protected abstract Task<IMembershipTable> OpenAsync();

    [Fact]
    public async Task ReadAll_OfANewTable_IsVersionZeroAndEmpty()
    {
        var data = await (await OpenAsync()).ReadAllAsync(Cancelled);

        Assert.Equal(0, data.Version.Version);
        Assert.Empty(data.Members);
    }

    [Fact]
    public async Task Initialize_OfAnExistingTable_KeepsIt()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRowAsync(Entry(1), (await table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        var before = await table.ReadAllAsync(Cancelled);

        await table.InitializeMembershipTableAsync(true, Cancelled);

        Assert.Equal(before.Version, (await table.ReadAllAsync(Cancelled)).Version);
    }

    [Fact]
    public async Task InsertRow_OfAKnownSilo_IsRefused_AndChangesNothing()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRowAsync(Entry(1), (await table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        var before = await table.ReadAllAsync(Cancelled);

        Assert.False(await table.InsertRowAsync(Entry(1), before.Version.Next(), Cancelled));

        Assert.Equal(before.Version, (await table.ReadAllAsync(Cancelled)).Version);
    }

    [Fact]
    public async Task InsertRow_WithAnOldTableVersion_IsRefused_AndChangesNothing()
    {
        var table = await OpenAsync();
        var old = (await table.ReadAllAsync(Cancelled)).Version.Next();
        Assert.True(await table.InsertRowAsync(Entry(1), old, Cancelled));

        Assert.False(await table.InsertRowAsync(Entry(2), old, Cancelled));

        Assert.Single((await table.ReadAllAsync(Cancelled)).Members);
    }

    [Fact]
    public async Task UpdateRow_ReplacesRowAndVersion()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRowAsync(Entry(1), (await table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        var before = await table.ReadRowAsync(Silo(1), Cancelled);
        var entry = Entry(1, SiloStatus.Dead);

        Assert.True(await table.UpdateRowAsync(entry, before.Members[0].Item2, before.Version.Next(), Cancelled));

        var after = await table.ReadRowAsync(Silo(1), Cancelled);
        Assert.Equal(SiloStatus.Dead, after.Members[0].Item1.Status);
        Assert.Equal(2, after.Version.Version);
        Assert.NotEqual(before.Version.VersionEtag, after.Version.VersionEtag);
    }

    [Fact]
    public async Task UpdateIAmAlive_ChangesTheTimeAlone()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRowAsync(Entry(1), (await table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        var before = await table.ReadRowAsync(Silo(1), Cancelled);
        var report = Entry(1, SiloStatus.Dead);
        report.IAmAliveTime = Start.AddMinutes(9);

        await table.UpdateIAmAliveAsync(report, Cancelled);

        var after = await table.ReadRowAsync(Silo(1), Cancelled);
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(before.Members[0].Item2, after.Members[0].Item2);
        Assert.Equal((SiloStatus.Active, Start.AddMinutes(9)), (after.Members[0].Item1.Status, after.Members[0].Item1.IAmAliveTime));
    }

    [Fact]
    public async Task ReadRow_OfAnUnknownSilo_GivesTheVersionAlone()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRowAsync(Entry(1), (await table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));

        var data = await table.ReadRowAsync(Silo(2), Cancelled);

        Assert.Empty(data.Members);
        Assert.Equal(1, data.Version.Version);
    }

    [Fact]
    public async Task Changes_AtTheSameTime_MoveTheVersionOneByOne()
    {
        const int silos = 8;
        var tables = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => OpenAsync()));
        await Task.WhenAll(Enumerable.Range(1, silos).Select(async i =>
        {
            while (!await tables[i % 3].InsertRowAsync(Entry(i), (await tables[i % 3].ReadAllAsync(Cancelled)).Version.Next(), Cancelled))
            {
            }
        }));

        var data = await tables[0].ReadAllAsync(Cancelled);
        Assert.Equal((silos, silos), (data.Version.Version, data.Members.Count));
    }

    [Fact]
    public async Task UpdateRow_WithAnOldVersion_OrNoRow_IsRefused_AndChangesNothing()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRowAsync(Entry(1), (await table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        var old = await table.ReadRowAsync(Silo(1), Cancelled);
        Assert.True(await table.UpdateRowAsync(Entry(1), old.Members[0].Item2, old.Version.Next(), Cancelled));
        var now = await table.ReadRowAsync(Silo(1), Cancelled);

        Assert.False(await table.UpdateRowAsync(Entry(1, SiloStatus.Dead), now.Members[0].Item2, old.Version.Next(), Cancelled));
        Assert.False(await table.UpdateRowAsync(Entry(2), now.Members[0].Item2, now.Version.Next(), Cancelled));

        var after = await table.ReadAllAsync(Cancelled);
        Assert.Equal(now.Version, after.Version);
        Assert.Equal(SiloStatus.Active, Assert.Single(after.Members).Item1.Status);
    }

    [Fact]
    public async Task UpdateRow_WithWhatWasReadBeforeAHeartbeat_Succeeds()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRowAsync(Entry(1), (await table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        var read = await table.ReadRowAsync(Silo(1), Cancelled);
        await table.UpdateIAmAliveAsync(Entry(1), Cancelled);

        Assert.True(await table.UpdateRowAsync(Entry(1, SiloStatus.Dead), read.Members[0].Item2, read.Version.Next(), Cancelled));
    }

    [Fact]
    public async Task Votes_AndTimes_AreReadBack()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertRowAsync(Entry(1), (await table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        var before = await table.ReadRowAsync(Silo(1), Cancelled);
        var entry = Entry(1);
        entry.AddSuspector(Silo(7), Start.AddSeconds(3));
        entry.AddSuspector(Silo(8), Start.AddSeconds(4));
        Assert.True(await table.UpdateRowAsync(entry, before.Members[0].Item2, before.Version.Next(), Cancelled));

        var read = Assert.Single((await (await OpenAsync()).ReadAllAsync(Cancelled)).Members).Item1;

        Assert.Equal(entry.SuspectTimes, read.SuspectTimes);
        Assert.Equal((entry.StartTime, entry.IAmAliveTime, DateTimeKind.Utc), (read.StartTime, read.IAmAliveTime, read.StartTime.Kind));
        Assert.Equal((entry.SiloName, entry.HostName, entry.ProxyPort), (read.SiloName, read.HostName, read.ProxyPort));
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_RemovesOldDeadRows()
    {
        var table = await OpenAsync();
        foreach (var entry in (MembershipEntry[])[Entry(1), Entry(2, SiloStatus.Dead), Entry(4, SiloStatus.Joining)])
        {
            Assert.True(await table.InsertRowAsync(entry, (await table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));
        }

        await table.CleanupDefunctSiloEntriesAsync(new DateTimeOffset(Start), Cancelled);
        Assert.Equal(3, (await table.ReadAllAsync(Cancelled)).Members.Count);
        await table.CleanupDefunctSiloEntriesAsync(new DateTimeOffset(Start.AddHours(1)), Cancelled);

        var left = (await table.ReadAllAsync(Cancelled)).Members.Select(member => member.Item1.SiloAddress.Endpoint.Port).Order();
        Assert.Equal([1, 4], left);
    }

    protected static SiloAddress Silo(int number) => SiloAddress.New(IPAddress.Loopback, number, 100 + number);

    protected static MembershipEntry Entry(int number, SiloStatus status = SiloStatus.Active) => new()
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
