using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Routing;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.RoutingTests;

/// <summary>Calls on group references, end to end against the fake server side.</summary>
public sealed class RoutingTests : IClassFixture<FakeCluster>
{
    private readonly FakeCluster _cluster;

    /// <summary>Runs before each test: the client they share passes over a silo, for two seconds, that an earlier test made silent.</summary>
    public RoutingTests(FakeCluster cluster)
    {
        _cluster = cluster;
        foreach (var silo in cluster.Silos) cluster.Service<SuspectSilos>().Clear(silo);
    }

    private List<Operation> Arrivals(GroupId group) =>
        [.. _cluster.Groups.Arrivals.Where(arrival => arrival.Group == group && arrival.Operation is not null).Select(arrival => arrival.Operation!)];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Results_ComeBack_ThroughEveryReturnType()
    {
        var (grain, _) = _cluster.NewGroup();
        Assert.Equal(1, await grain.Write("a"));
        Assert.Equal(2, await grain.CountAndMark("b"));
        await grain.Touch("c");
        Assert.Equal(3, await grain.Read());
        await grain.Forget();
        Assert.Equal(0, await grain.ReadAtMaster());
    }

    [Fact]
    public async Task Exceptions_AreRethrownAsThrown_ThroughEveryReturnType()
    {
        var (grain, _) = _cluster.NewGroup();
        Assert.Equal("task", (await Assert.ThrowsAsync<NoteException>(() => grain.FailTask())).Message);
        Assert.Equal("task of", (await Assert.ThrowsAsync<NoteException>(() => grain.FailTaskOf())).Message);
        Assert.Equal("value task", (await Assert.ThrowsAsync<NoteException>(async () => await grain.FailValueTask())).Message);
        Assert.Equal("value task of", (await Assert.ThrowsAsync<NoteException>(async () => await grain.FailValueTaskOf())).Message);
    }

    [Fact]
    public async Task Grain_SeesTheIdThatTheCallerUsed()
    {
        var (grain, group) = _cluster.NewGroup();
        Assert.Equal(new Identity(group.Grain, group.Grain.Key.ToString()!, group.Grain, group.Grain), await grain.WhoAreYou());
    }

    [Fact]
    public async Task Reads_GoToTheReplicasInTurn_OperationsToTheMaster()
    {
        var (grain, _) = _cluster.NewGroup();
        HashSet<string> read = [];
        for (var i = 0; i < 6; i++) read.Add(await grain.Where());
        Assert.Equal(_cluster.Silos[..2].Select(silo => silo.ToParsableString()).Order(), read.Order());
    }

    [Fact]
    public async Task ReadPreference_OfAScope_AndOfAMethod_GoToTheMaster()
    {
        var (grain, group) = _cluster.NewGroup();
        using (ReadPreferenceScope.Use(ReadPreference.Master))
        {
            for (var i = 0; i < 4; i++) Assert.Equal(_cluster.Silos[0].ToParsableString(), await grain.Where());
        }

        for (var i = 0; i < 4; i++) await grain.ReadAtMaster();
        var ours = _cluster.Groups.Arrivals.Where(arrival => arrival.Read is not null).ToList();
        Assert.True(ours.Count >= 8);
        Assert.NotNull(group.ToString());
    }

    [Fact]
    public async Task KnownView_CostsNoLookup()
    {
        var (grain, _) = _cluster.NewGroup();
        var before = _cluster.Groups.Lookups;
        for (var i = 0; i < 20; i++) await grain.Write("x");
        Assert.Equal(before + 1, _cluster.Groups.Lookups);
    }

    [Fact]
    public async Task StaleView_IsCorrectedByTheRedirect_WithoutLookup()
    {
        var (grain, group) = _cluster.NewGroup();
        await grain.Write("x");
        var before = _cluster.Groups.Lookups;
        _cluster.Groups.Promote(group, _cluster.Silos[1]);
        Assert.Equal(2, await grain.Write("y"));
        Assert.Equal(before, _cluster.Groups.Lookups);
    }

    /// <summary>The master's node has started again elsewhere, and the record is what it was: its epoch and version tell nothing of it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task NodesThatStartedAgain_AreFoundAtTheirNewAddresses_ThoughTheRecordIsTheSame(int replicas)
    {
        var (grain, group) = _cluster.NewGroup(replicas);
        await grain.Write("x");
        var (view, gone) = (_cluster.Groups.Views[group], _cluster.Silos[..replicas]);
        _cluster.Groups.Views[group] = view with { Replicas = [.. view.Replicas.Select((r, i) => r with { StartCount = 2, Silo = _cluster.Silos[2 - i] })] };
        _cluster.Groups.Meddle = async (called, silo, _) =>
        {
            if (called == group && gone.Contains(silo) && _cluster.Groups.Views[group].Replicas.All(r => !silo.Equals(r.Silo))) await _cluster.Groups.Silence.Task;
            return null;
        };
        Assert.Equal(2, await grain.Write("y"));
        Assert.Equal(3, await grain.Write("z"));
    }

    /// <summary>A new group has its master alone in sync; nobody refuses a reader there, and yet it must hear of the others.</summary>
    [Fact]
    public async Task ClientThatCreatedAGroup_SpreadsItsReads_WhenAnAnswerTellsOfReplicasInSync()
    {
        var (grain, group) = _cluster.NewGroup();
        var later = _cluster.Groups.Views[group] with { Version = 2 };
        _cluster.Groups.Views[group] = later with { Version = 1, Replicas = [later.Replicas[0], later.Replicas[1] with { InSync = false }] };
        await grain.Write("first");
        for (var i = 0; i < 4; i++) Assert.Equal(_cluster.Silos[0].ToParsableString(), await grain.Where());

        _cluster.Groups.Views[group] = later;
        var lookups = _cluster.Groups.Lookups;
        await grain.Write("second");
        HashSet<string> readers = [];
        for (var i = 0; i < 4; i++) readers.Add(await grain.Where());
        Assert.Equal(2, readers.Count);
        Assert.Equal(lookups, _cluster.Groups.Lookups); // no question was needed
    }

    /// <summary>Such a key is no replica's id, whatever it looks like; and it is printed so that one can read it.</summary>
    [Fact]
    public async Task KeyThatLooksLikeAReplicasId_IsRefused()
    {
        var (grain, group) = _cluster.NewGroup();
        await grain.Write("mine");
        var forged = _cluster.Client.GetGrain<INotesGrain>($"{group.Grain.Key}\u001F{_cluster.Silos[0].ToParsableString()}");
        var refusal = await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(() => forged.Write("theirs"));
        Assert.Contains("U+001F", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001F', refusal.Message);
        await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(() => forged.Read());
        await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(() => _cluster.Client.GetGrain<INotesGrain>("a\u001Fb").Read());
        Assert.Equal(1, await grain.Read());
    }

    [Fact]
    public async Task KeyThatIsTooLong_IsRefusedAtTheCall_WithTheLimit()
    {
        var refusal = await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(() => _cluster.Client.GetGrain<INotesGrain>(new string('k', 5_000)).Write("x"));
        Assert.Contains($"{GroupKeyRules.MaxBytes}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SilentMaster_SlavesAreAskedUntilOneIsPromoted_AndItExecutesOnce()
    {
        var (grain, group) = _cluster.NewGroup();
        await grain.Write("x");
        var nudged = new TaskCompletionSource();
        _cluster.Groups.Meddle = async (called, silo, _) =>
        {
            if (called != group) return null;
            if (silo.Equals(_cluster.Silos[0])) await _cluster.Groups.Silence.Task;
            else nudged.TrySetResult();
            return null;
        };

        var write = grain.Write("y");
        await nudged.Task.WaitAsync(TimeSpan.FromSeconds(5), Stop);
        _cluster.Groups.Promote(group, _cluster.Silos[1]);

        Assert.Equal(2, await write);
        Assert.Equal(2, _cluster.Groups.Answers.Keys.Count(key => key.Item1 == group));
    }

    [Fact]
    public async Task SlowAnswer_IsRetriedUnderTheSameId_AndExecutedOnce()
    {
        var (grain, group) = _cluster.NewGroup();
        Assert.Equal(1500, await grain.Slow(1500, Stop));
        var arrivals = _cluster.Groups.Arrivals.Count(arrival => arrival.Operation is { } operation && _cluster.Groups.Answers.ContainsKey((group, operation.Id)));
        Assert.True(arrivals > 1);
        Assert.Single(_cluster.Groups.Answers.Keys, key => key.Item1 == group);
    }

    [Fact]
    public async Task TooFewInSync_IsRetried_ThenThrown_AndNotCalledUnknown()
    {
        var (grain, group) = _cluster.NewGroup();
        var refusals = 0;
        _cluster.Groups.Meddle = (called, _, _) => Task.FromResult(called != group ? null : ++refusals < 6
            ? new CallReply { Kind = ReplyKind.Refused, Refusal = RefusalReason.TooFewInSync } : null);
        Assert.Equal(1, await grain.Write("x"));
        refusals = int.MinValue;
        await Assert.ThrowsAsync<TooFewInSyncException>(() => grain.Write("y"));
    }

    [Fact]
    public async Task ExpiredRequest_IsFinal()
    {
        var (grain, group) = _cluster.NewGroup();
        _cluster.Groups.Meddle = (called, _, _) => Task.FromResult(called != group ? null : new CallReply { Kind = ReplyKind.Refused, Refusal = RefusalReason.RequestExpired });
        await Assert.ThrowsAsync<RequestExpiredException>(() => grain.Write("y"));
    }

    /// <summary>Every attempt was refused, so nothing was executed: it goes out again under a new client id, with the position that the refusal brought (W1).</summary>
    [Fact]
    public async Task ExpiredRequest_OfWhichNoCopyIsOpen_IsSentAgainAsANewClients()
    {
        var (grain, group) = _cluster.NewGroup();
        await grain.Write("x");
        var fresh = new SessionToken(0, new Epoch(1), new LogIndex(40));
        var refusals = 0;
        _cluster.Groups.Meddle = (called, _, _) => Task.FromResult(called == group && Interlocked.Increment(ref refusals) == 1
            ? new CallReply { Kind = ReplyKind.Refused, Refusal = RefusalReason.RequestExpired, Token = fresh } : null);
        Assert.Equal(2, await grain.Write("y"));
        var sent = Arrivals(group);
        Assert.Equal(3, sent.Count);
        Assert.Equal(sent[0].Id.Client, sent[1].Id.Client);
        Assert.NotEqual(sent[1].Id.Client, sent[2].Id.Client);
        Assert.Equal(fresh, sent[2].Known);
    }

    /// <summary>One copy is silent, another is refused: the silent one may have been executed, so nothing is sent under another id.</summary>
    [Fact]
    public async Task ExpiredRequest_WithACopyThatIsOpen_IsTheEnd()
    {
        var (grain, group) = _cluster.NewGroup();
        await grain.Write("x");
        var first = true;
        _cluster.Groups.Meddle = async (called, _, _) =>
        {
            if (called != group) return null;
            if (!first) return new CallReply { Kind = ReplyKind.Refused, Refusal = RefusalReason.RequestExpired };
            first = false;
            await _cluster.Groups.Silence.Task;
            return null;
        };
        await Assert.ThrowsAsync<RequestExpiredException>(() => grain.Write("y"));
        Assert.Single(Arrivals(group).Select(operation => operation.Id.Client).Distinct());
    }

    [Fact]
    public async Task NobodyAnswers_OutcomeIsUnknown_ForOperations_AndUnavailable_ForReads()
    {
        var (grain, group) = _cluster.NewGroup();
        _cluster.Groups.Meddle = async (called, _, _) =>
        {
            if (called == group) await _cluster.Groups.Silence.Task;
            return null;
        };
        var write = Assert.ThrowsAsync<OperationOutcomeUnknownException>(() => grain.Write("y"));
        await Assert.ThrowsAsync<ReplicaUnavailableException>(() => grain.Read());
        await write;
    }

    [Fact]
    public async Task RequestContext_ReachesTheOperation()
    {
        var (grain, _) = _cluster.NewGroup();
        RequestContext.Set("tenant", "seven");
        Assert.Equal("seven", await grain.GetContextValue("tenant"));
        RequestContext.Clear();
        Assert.Null(await grain.GetContextValue("tenant"));
    }

    [Fact]
    public async Task CallInsideAnOperation_IsRefused()
    {
        var (grain, _) = _cluster.NewGroup();
        await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(() => grain.CallOther("x"));
        var plain = _cluster.Client.GetGrain<ICallerGrain>("plain");
        await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(() => grain.CallPlain(plain));
        Assert.Equal(1, await plain.Plain());
    }

    [Fact]
    public async Task UnsupportedMethods_AreRefusedAtTheCall()
    {
        var (grain, _) = _cluster.NewGroup();
        await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(() => grain.Shout());
        await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(async () =>
        {
            await foreach (var _ in grain.Stream().WithCancellation(Stop)) break;
        });
    }

    [Fact]
    public async Task Cancellation_EndsTheWaiting()
    {
        var (grain, _) = _cluster.NewGroup();
        await grain.Write("x");
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(150));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => grain.Slow(3000, cancel.Token));
    }

    [Fact]
    public async Task UserFilters_RunOncePerCall_AndSeeTheGroup()
    {
        var (grain, group) = _cluster.NewGroup();
        await grain.Write("x");
        var seen = _cluster.Filter.Seen.Where(entry => entry.Contains(group.Grain.Key.ToString()!, StringComparison.Ordinal)).ToList();
        Assert.Equal([$"{group.Grain} Write"], seen); // nothing under a replica's id, which holds the group's key
    }

    [Fact]
    public async Task Diagnostics_ShowReplicas_AndReadFromEachOne()
    {
        var (grain, _) = _cluster.NewGroup();
        var diagnostics = _cluster.Service<IReplicatedGrainDiagnostics>();
        var replicas = await diagnostics.GetReplicasAsync(grain);
        Assert.Equal(2, replicas.Count);
        Assert.Equal(_cluster.Silos[0], Assert.Single(replicas, replica => replica.IsMaster).Silo);
        foreach (var replica in replicas)
            Assert.Equal(replica.Silo!.ToParsableString(), await diagnostics.ReadFromAsync(replica.Silo, () => grain.Where()));
        await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(() => diagnostics.ReadFromAsync(_cluster.Silos[0], () => grain.Write("x")));
    }

    [Fact]
    public async Task Diagnostics_WhoseQuestionIsNeverAnswered_AskByAnotherWay()
    {
        var (grain, group) = _cluster.NewGroup();
        _cluster.Groups.SilentOnce[group] = true; // as by a gateway that died with it
        var replicas = await _cluster.Service<IReplicatedGrainDiagnostics>().GetReplicasAsync(grain).WaitAsync(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Assert.Equal(2, replicas.Count);
    }

    [Fact]
    public async Task SilosCall_LikeClients()
    {
        var (grain, _) = _cluster.NewGroup();
        var caller = _cluster.Client.GetGrain<ICallerGrain>("caller");
        Assert.Equal(1, await caller.WriteTo(grain, "x"));
        Assert.Equal("task", (await Assert.ThrowsAsync<NoteException>(() => caller.FailAt(grain))).Message);
    }
}

[Alias("test.ICaller")]
public interface ICallerGrain : IGrainWithStringKey
{
    Task<int> WriteTo(INotesGrain grain, string note);
    Task<int> Plain();
    Task FailAt(INotesGrain grain);
}

internal sealed class CallerGrain : Grain, ICallerGrain
{
    public Task<int> Plain() => Task.FromResult(1);
    public Task<int> WriteTo(INotesGrain grain, string note) => grain.Write(note);
    public Task FailAt(INotesGrain grain) => grain.FailTask();
}
