using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.Runtime;
using Orleans.Storage;
using Xunit;

namespace Orleans.MasterSlave.TestKit;

/// <summary>
/// What group records need from a grain storage. Each storage that the product supports runs these tests in a class of its own.
/// </summary>
public abstract class GrainStorageContract
{
    private const string StateName = "record";

    /// <summary>Grains of this test alone, so that tests may share a database.</summary>
    private readonly string _run = Guid.NewGuid().ToString("N");

    /// <summary>A provider on this class's store: a new one at each call, as another process would have it.</summary>
    protected abstract Task<IGrainStorage> OpenAsync();

    /// <summary>False: a swap of a row that is gone fails with an exception of the store's own, and its outcome counts as unknown until it was looked for.</summary>
    protected virtual bool SaysThatARowIsMissing => true;

    protected GrainId Grain(string key) => GrainId.Create("contract", $"{_run}/{key}");

    [Fact]
    public async Task Read_WhenNothingIsStored_GivesAFreshState()
    {
        var state = await Read(await OpenAsync(), Grain("a"));

        Assert.False(state.RecordExists);
        Assert.Null(state.ETag);
        Assert.Equal(0, state.State.Number);
    }

    [Fact]
    public async Task Write_WithoutETag_IsReadBackByAnotherProvider()
    {
        var bytes = new byte[300_000];
        Random.Shared.NextBytes(bytes);
        var written = New(7, "ä\0漢 'quoted'", bytes);
        await (await OpenAsync()).WriteStateAsync(StateName, Grain("a"), written);

        var read = await Read(await OpenAsync(), Grain("a"));

        Assert.True(written.RecordExists);
        Assert.True(read.RecordExists);
        Assert.Equal(written.ETag, read.ETag);
        Assert.Equal(7, read.State.Number);
        Assert.Equal("ä\0漢 'quoted'", read.State.Text);
        Assert.Equal(bytes, read.State.Bytes);
    }

    /// <summary>Keys of the form that group records have: a storage may fold case, slashes and what not, and must keep these apart.</summary>
    [Fact]
    public async Task Groups_WhoseNamesDifferInWhatStoresFold_HaveRowsOfTheirOwn()
    {
        var storage = await OpenAsync();
        await new NodeRegistry(storage, Guid.NewGuid).ProbeAsync();
        var groups = NodeRegistry.NamesThatStoresFold(_run).Select(name => new GroupId(GrainId.Create("contract", name))).ToList();
        var life = new NodeLife(new NodeId(Guid.NewGuid()), 1);
        foreach (var group in groups)
            Assert.NotNull(await new GrainStorageGroupStore(storage).SwapAsync(
                GroupPolicy.Create(new GroupPlan(group, [life.Node], ReplicationMode.Synchronous, 1), new MasterClaim(life, 1), default, new GroupBirth(Guid.NewGuid())), null));
        var other = new GrainStorageGroupStore(await OpenAsync());
        foreach (var group in groups) Assert.Equal(group, (await other.ReadAsync(group))!.Record.Group);
    }

    [Fact]
    public async Task Write_WithoutETag_WhenTheRowExists_IsRefusedEachTime()
    {
        var storage = await OpenAsync();
        await storage.WriteStateAsync(StateName, Grain("a"), New(1));
        var second = New(2);

        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => storage.WriteStateAsync(StateName, Grain("a"), second));
        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => storage.WriteStateAsync(StateName, Grain("a"), second));

        Assert.Equal(1, (await Read(storage, Grain("a"))).State.Number);
    }

    [Fact]
    public async Task Write_WithTheRowsETag_ReplacesAndGivesANewETag()
    {
        var storage = await OpenAsync();
        var state = New(1);
        await storage.WriteStateAsync(StateName, Grain("a"), state);
        var first = state.ETag;
        state.State = new Ledger { Number = 2 };

        await storage.WriteStateAsync(StateName, Grain("a"), state);

        Assert.NotEqual(first, state.ETag);
        var read = await Read(storage, Grain("a"));
        Assert.Equal((2, state.ETag), (read.State.Number, read.ETag));
    }

    [Fact]
    public async Task Write_WithTheSameState_StillGivesANewETag()
    {
        var storage = await OpenAsync();
        var state = New(1);
        await storage.WriteStateAsync(StateName, Grain("a"), state);
        var first = state.ETag;

        await storage.WriteStateAsync(StateName, Grain("a"), state);

        Assert.NotEqual(first, state.ETag);
    }

    [Fact]
    public async Task Write_WithAnOldETag_IsRefusedEachTime()
    {
        var storage = await OpenAsync();
        await storage.WriteStateAsync(StateName, Grain("a"), New(1));
        var (winner, loser) = (await Read(storage, Grain("a")), await Read(storage, Grain("a")));
        winner.State.Number = 2;
        await storage.WriteStateAsync(StateName, Grain("a"), winner);
        loser.State.Number = 3;

        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => storage.WriteStateAsync(StateName, Grain("a"), loser));
        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => storage.WriteStateAsync(StateName, Grain("a"), loser));

        Assert.Equal(2, (await Read(storage, Grain("a"))).State.Number);
    }

    [Fact]
    public async Task Write_WithAnETag_WhenThereIsNoRow_IsRefused()
    {
        var storage = await OpenAsync();
        var state = New(1);
        await storage.WriteStateAsync(StateName, Grain("another"), state);

        var error = await Assert.ThrowsAnyAsync<Exception>(() => storage.WriteStateAsync(StateName, Grain("a"), state));

        if (SaysThatARowIsMissing) Assert.IsAssignableFrom<InconsistentStateException>(error);

        Assert.False((await Read(storage, Grain("a"))).RecordExists);
    }

    [Fact]
    public async Task Clear_WithTheRowsETag_RemovesTheState()
    {
        var storage = await OpenAsync();
        var state = New(1);
        await storage.WriteStateAsync(StateName, Grain("a"), state);

        await storage.ClearStateAsync(StateName, Grain("a"), state);

        Assert.False(state.RecordExists);
        Assert.False((await Read(await OpenAsync(), Grain("a"))).RecordExists);
    }

    [Fact]
    public async Task Clear_WithAnOldETag_IsRefused()
    {
        var storage = await OpenAsync();
        var state = New(1);
        await storage.WriteStateAsync(StateName, Grain("a"), state);
        var old = await Read(storage, Grain("a"));
        await storage.WriteStateAsync(StateName, Grain("a"), state);

        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => storage.ClearStateAsync(StateName, Grain("a"), old));

        Assert.True((await Read(storage, Grain("a"))).RecordExists);
    }

    [Fact]
    public async Task Clear_WhenThereIsNoRow_DoesNothing()
    {
        var storage = await OpenAsync();

        await storage.ClearStateAsync(StateName, Grain("a"), await Read(storage, Grain("a")));

        Assert.False((await Read(storage, Grain("a"))).RecordExists);
    }

    [Fact]
    public async Task Write_AfterAClear_StartsANewRow_ThatETagsFromBeforeDoNotHit()
    {
        var storage = await OpenAsync();
        var state = New(1);
        await storage.WriteStateAsync(StateName, Grain("a"), state);
        var late = await Read(storage, Grain("a"));
        await storage.ClearStateAsync(StateName, Grain("a"), state);
        state.State = new Ledger { Number = 2 };
        await storage.WriteStateAsync(StateName, Grain("a"), state);
        late.State.Number = 3;

        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => storage.WriteStateAsync(StateName, Grain("a"), late));

        Assert.Equal(2, (await Read(storage, Grain("a"))).State.Number);
    }

    [Fact]
    public async Task States_OfDifferentGrainsAndNames_AreApart()
    {
        var storage = await OpenAsync();
        (string Name, GrainId Grain)[] keys =
        [
            (StateName, Grain("a")), (StateName, Grain("A")), (StateName, Grain("a ")), ("other", Grain("a")),
            (StateName, GrainId.Create(GrainType.Create("contract"), GrainIdKeyExtensions.CreateIntegerKey(5, _run))),
            (StateName, GrainId.Create(GrainType.Create("contract"), GrainIdKeyExtensions.CreateIntegerKey(6, _run))),
            (StateName, GrainId.Create(GrainType.Create("contract"), GrainIdKeyExtensions.CreateGuidKey(Guid.Empty, _run))),
        ];
        for (var i = 0; i < keys.Length; i++)
        {
            await storage.WriteStateAsync(keys[i].Name, keys[i].Grain, New(i));
        }

        for (var i = 0; i < keys.Length; i++)
        {
            Assert.Equal(i, (await Read(storage, keys[i].Grain, keys[i].Name)).State.Number);
        }
    }

    [Fact]
    public async Task Inserts_AtTheSameTime_HaveOneWinner()
    {
        IGrainStorage[] storages = [await OpenAsync(), await OpenAsync(), await OpenAsync()];
        for (var round = 0; round < 10; round++)
        {
            var grain = Grain($"race{round}");
            var attempts = await Task.WhenAll(Enumerable.Range(1, 12).Select(i => TryWrite(storages[i % 3], grain, New(i))));

            var winner = Assert.Single(attempts, state => state is not null);
            var read = await Read(storages[0], grain);
            Assert.Equal((winner!.State.Number, winner.ETag), (read.State.Number, read.ETag));
        }
    }

    [Fact]
    public async Task Swaps_OfManyWriters_AreNeverLost()
    {
        const int writers = 6, swaps = 20;
        IGrainStorage[] storages = [await OpenAsync(), await OpenAsync(), await OpenAsync()];
        await storages[0].WriteStateAsync(StateName, Grain("n"), New(0));

        var etags = await Task.WhenAll(Enumerable.Range(0, writers).Select(i => Task.Run(() => Increment(storages[i % 3], Grain("n"), swaps))));

        Assert.Equal(writers * swaps, (await Read(storages[0], Grain("n"))).State.Number);
        Assert.Equal(writers * swaps, etags.SelectMany(mine => mine).Distinct().Count());
    }

    /// <summary>Adds one, <paramref name="times"/> times over, each by a swap that is repeated until it succeeds.</summary>
    /// <returns>The ETag of each swap.</returns>
    public static async Task<List<string>> Increment(IGrainStorage storage, GrainId grain, int times)
    {
        var etags = new List<string>();
        while (etags.Count < times)
        {
            var state = await Read(storage, grain);
            state.State.Number++;
            if (await TryWrite(storage, grain, state) is not null)
            {
                etags.Add(state.ETag!);
            }
        }

        return etags;
    }

    public static LedgerState New(long number, string text = "", byte[]? bytes = null)
        => new(new Ledger { Number = number, Text = text, Bytes = bytes ?? [] });

    public static async Task<LedgerState> Read(IGrainStorage storage, GrainId grain, string stateName = StateName)
    {
        var state = new LedgerState(new Ledger());
        await storage.ReadStateAsync(stateName, grain, state);
        return state;
    }

    private static async Task<LedgerState?> TryWrite(IGrainStorage storage, GrainId grain, LedgerState state)
    {
        try
        {
            await storage.WriteStateAsync(StateName, grain, state);
            return state;
        }
        catch (InconsistentStateException)
        {
            return null;
        }
    }
}
