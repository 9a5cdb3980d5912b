using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Routing;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Routing;

public sealed class ClientPolicyTests
{
    private static readonly ClientTimes Times = new(Ms(400), TimeSpan.FromSeconds(30), Ms(40), Ms(250));
    private static readonly SiloAddress A = Silo(1), B = Silo(2), C = Silo(3);

    [Fact]
    public void UnknownView_IsResolved_OnceAtATime()
    {
        var call = new CallProgress(CallKind.Operation, Times);
        Assert.Equal(new ClientDecision(ClientStep.Resolve), ClientPolicy.Next(call, default));
        call.OnResolving();
        Assert.Equal(ClientStep.Wait, ClientPolicy.Next(call, default).Step);
        call.OnResolved(View(1, A, A, B), Ms(1));
        Assert.Equal(A, Sent(call, Ms(1)));
    }

    [Fact]
    public void FailedLookup_IsRepeated_AfterAPause()
    {
        var call = new CallProgress(CallKind.Operation, Times);
        call.OnResolving();
        call.OnResolved(null, Ms(10));
        Assert.Equal(new ClientDecision(ClientStep.Wait, Until: Ms(170)), ClientPolicy.Next(call, Ms(10)));
        Assert.Equal(ClientStep.Resolve, ClientPolicy.Next(call, Ms(170)).Step);
    }

    [Fact]
    public void Operation_WaitsForTheMaster_AsLongAsItHasPatience()
    {
        var call = Call(CallKind.Operation, View(1, A, A, B));
        Assert.Equal(A, Sent(call, default));
        Assert.Equal(new ClientDecision(ClientStep.Wait, Until: Ms(400)), ClientPolicy.Next(call, Ms(1)));
    }

    [Fact]
    public void SilentMaster_SlavesAreSentTheOperation_ThenTheMasterAgain_ThenTheDirectoryIsAsked()
    {
        var call = Call(CallKind.Operation, View(1, A, A, B, C));
        Assert.Equal(A, Sent(call, default));
        Assert.Equal(B, Sent(call, Ms(400)));
        Assert.Equal(C, Sent(call, Ms(400)));
        Assert.Equal(A, Sent(call, Ms(400)));
        Assert.Equal(ClientStep.Wait, ClientPolicy.Next(call, Ms(400)).Step);
        call.OnRedirected(B, View(1, A, A, B, C), Ms(401));
        call.OnRedirected(C, null, Ms(402));
        Assert.Equal(new ClientDecision(ClientStep.Resolve, RefusedVersion: 1), ClientPolicy.Next(call, Ms(402)));
        call.OnResolving();
        Assert.Equal(B, Sent(call, Ms(441)));
    }

    /// <summary>When each replica has said that it serves nothing, waiting helps nobody: the caller gets the reason at once.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReplicasThatAreAllOutOfService_EndTheCall(bool isRead)
    {
        var call = Call(isRead ? CallKind.ReadAny : CallKind.Operation, View(1, A, A, B));
        Assert.Equal(A, Sent(call, default));
        call.OnRefused(A, RefusalReason.Quarantined, "broken", Ms(1));
        Assert.Equal(B, Sent(call, Ms(1)));
        call.OnRefused(B, RefusalReason.Quarantined, "broken too", Ms(2));
        Assert.Equal(ClientStep.GiveUp, ClientPolicy.Next(call, Ms(2)).Step);
        call.OnView(View(2, B, A, B)); // news: each is asked again
        Assert.Equal(ClientStep.Send, ClientPolicy.Next(call, Ms(3)).Step);
    }

    [Fact]
    public void ReplicaThatDoesNotAnswer_MayServeAgain_ThoughAllOthersAreOutOfService()
    {
        var call = Call(CallKind.Operation, View(1, A, A, B));
        Assert.Equal(A, Sent(call, default));
        call.OnRefused(A, RefusalReason.Quarantined, "broken", Ms(1));
        Assert.Equal(B, Sent(call, Ms(1)));
        call.OnBroken(B, "gone", Ms(2));
        Assert.NotEqual(ClientStep.GiveUp, ClientPolicy.Next(call, Ms(2)).Step);
    }

    /// <summary>A replica is told at how many others the call came to nothing: what is in it may have ended them (W10).</summary>
    [Fact]
    public void AttemptsThatBrokeOrWereSilent_AtOtherSilos_AreCounted()
    {
        var journey = new Journey(new RoutedCall(null!, CallKind.Operation, 0, Times, default));
        journey.BrokenAt.Add(A);
        var silent = new Attempt(new TaskCompletionSource<CallReply>().Task, B, null, default) { WasSilent = true };
        journey.Attempts.Add(silent);
        journey.Attempts.Add(silent);
        journey.Attempts.Add(new Attempt(new TaskCompletionSource<CallReply>().Task, C, null, default)); // is waited for
        Assert.Equal((1, 1, 2), (journey.BrokenBeside(A), journey.BrokenBeside(B), journey.BrokenBeside(C)));
    }

    [Fact]
    public void NewerView_IsFollowedAtOnce()
    {
        var call = Call(CallKind.Operation, View(1, A, A, B));
        Sent(call, default);
        Assert.Equal(B, Sent(call, Ms(400)));
        call.OnRedirected(B, View(2, B, A, B), Ms(401));
        Assert.Equal(B, Sent(call, Ms(401)));
    }

    [Fact]
    public void OlderView_ChangesNothing()
    {
        var call = Call(CallKind.Operation, View(2, B, A, B));
        call.OnView(View(1, A, A, B));
        Assert.Equal(B, Sent(call, default));
    }

    [Fact]
    public void BusyMaster_IsAskedAgain_AndNobodyElseForAWhile()
    {
        var call = Call(CallKind.Operation, View(1, A, A, B));
        Sent(call, default);
        call.OnRefused(A, RefusalReason.Overloaded, null, Ms(5));
        Assert.Equal(new ClientDecision(ClientStep.Wait, Until: Ms(45)), ClientPolicy.Next(call, Ms(5)));
        Assert.Equal(A, Sent(call, Ms(45)));
        Assert.True(call.MaybeExecuted);
        call.OnRefused(A, RefusalReason.Overloaded, null, Ms(50));
        Assert.False(call.MaybeExecuted);
    }

    /// <summary>It refuses again and again, and meanwhile others may have elected another: they are asked too, and the directory.</summary>
    [Fact]
    public void MasterThatStaysBusy_IsNotTheOnlyOneAsked()
    {
        var call = Call(CallKind.Operation, View(1, A, A, B));
        var now = TimeSpan.Zero;
        HashSet<SiloAddress> asked = [];
        var resolved = false;
        while (now < Ms(2_000))
        {
            var decision = ClientPolicy.Next(call, now);
            if (decision.Step == ClientStep.Wait) now = decision.Until;
            else if (decision.Step == ClientStep.Resolve)
            {
                resolved = true;
                call.OnResolving();
                call.OnResolved(null, now);
            }
            else
            {
                Assert.True(decision.Target == A || now >= Ms(800), $"{decision.Target} at {now}");
                asked.Add(decision.Target!);
                call.OnSent(decision.Target!, now);
                if (decision.Target == A) call.OnRefused(A, RefusalReason.TooFewInSync, null, now);
                else call.OnRedirected(B, null, now);
            }
        }

        Assert.Equal([A, B], asked.Order());
        Assert.True(resolved);
        Assert.False(call.MaybeExecuted);
    }

    [Fact]
    public void BusyMaster_ThatFallsSilent_DoesNotHoldUpTheOthers()
    {
        var call = Call(CallKind.Operation, View(1, A, A, B));
        Sent(call, default);
        call.OnRefused(A, RefusalReason.DiskFull, null, Ms(5));
        Assert.Equal(A, Sent(call, Ms(45)));
        Assert.Equal(B, Sent(call, Ms(445 + 400)));
    }

    /// <summary>All silos of the group were restarted; the record is what it was.</summary>
    [Fact]
    public void NewAddressesOfTheSameRecord_AreAskedAtOnce()
    {
        var call = Call(CallKind.Operation, View(1, A, A, B));
        Sent(call, default);
        call.OnBroken(A, null, Ms(5));
        var moved = View(1, A, A, B) with { Replicas = [new ReplicaAddress(Node(A), C, true, StartCount: 2), new ReplicaAddress(Node(B), B, true)] };
        call.OnView(moved);
        Assert.Equal(C, Sent(call, Ms(5)));
    }

    [Fact]
    public void ReplicasThatAreDown_AreNotAsked_AndTheDirectoryIs()
    {
        var view = View(1, A, A, B);
        view = view with { Replicas = [.. view.Replicas.Select(replica => replica with { IsDown = true })] };
        foreach (var kind in new[] { CallKind.Operation, CallKind.ReadAny, CallKind.ReadMaster })
            Assert.Equal(new ClientDecision(ClientStep.Resolve, RefusedVersion: 1), ClientPolicy.Next(Call(kind, view), default));
    }

    [Theory]
    [InlineData((int)RefusalReason.RequestExpired)]
    [InlineData((int)RefusalReason.TokenLost)]
    [InlineData((int)RefusalReason.Unsupported)]
    [InlineData((int)RefusalReason.NoFirstState)]
    public void FinalRefusal_EndsTheCall(int reason)
    {
        var call = Call(CallKind.Operation, View(1, A, A, B));
        Sent(call, default);
        call.OnRefused(A, (RefusalReason)reason, null, Ms(5));
        Assert.Equal(ClientStep.GiveUp, ClientPolicy.Next(call, Ms(5)).Step);
    }

    /// <summary>The first state may be there when another copy of the call, which is out still, arrives: then it is executed.</summary>
    [Theory]
    [InlineData(false, typeof(FirstStateImportException))]
    [InlineData(true, typeof(OperationOutcomeUnknownException))]
    public void RefusalForWantOfAFirstState_IsTold_UnlessAnotherCopyIsOut(bool another, Type expected)
    {
        var call = Call(CallKind.Operation, View(1, A, A, B));
        Sent(call, default);
        if (another) Sent(call, Ms(400));
        call.OnRefused(A, RefusalReason.NoFirstState, "the old storage is away", Ms(500));
        Assert.IsType(expected, CallFailure.Of(call, new ClientGroup(new GroupId(GrainId.Create("test", "a")), 10, mayHaveBeenForgotten: false), null));
    }

    [Fact]
    public void UnknownOutcome_StaysUnknown_WhateverLaterAttemptsAreTold()
    {
        var call = Call(CallKind.Operation, View(1, A, A, B));
        Sent(call, default);
        call.OnUnknown(A, null, Ms(5));
        Sent(call, Ms(400));
        call.OnRedirected(B, null, Ms(401));
        Assert.True(call.MaybeExecuted);
        Assert.Equal(ClientStep.GiveUp, ClientPolicy.Next(call, TimeSpan.FromSeconds(30)).Step);
    }

    [Fact]
    public void SuspectMaster_IsSentTheCall_AndTheSlavesToo_WithoutWaiting()
    {
        var call = Call(CallKind.Operation, View(1, A, A, B));
        call.OnSuspect(A);
        Assert.Equal(B, Sent(call, default));
        Assert.Equal(A, Sent(call, default));
    }

    [Fact]
    public void Read_GoesToOneReplicaAfterTheOther()
    {
        var call = Call(CallKind.ReadAny, View(1, A, A, B), turn: 1);
        Assert.Equal(B, Sent(call, default));
        Assert.Equal(ClientStep.Wait, ClientPolicy.Next(call, Ms(10)).Step);
        Assert.Equal(A, Sent(call, Ms(400)));
    }

    [Fact]
    public void Read_ThatIsRedirected_GoesToTheMaster()
    {
        var call = Call(CallKind.ReadAny, View(1, A, A, B, C), turn: 1);
        Assert.Equal(B, Sent(call, default));
        call.OnRedirected(B, null, Ms(1));
        Assert.Equal(A, Sent(call, Ms(1)));
    }

    /// <summary>R5: two may be executing it. A third is tried only when both have been silent for long.</summary>
    [Fact]
    public void ReadOfWhichNothingIsHeard_IsHedgedOnce()
    {
        var call = Call(CallKind.ReadAny, View(1, A, A, B, C));
        var first = Sent(call, default);
        var second = Sent(call, Ms(400));
        Assert.NotEqual(first, second);
        List<SiloAddress> later = [];
        var now = Ms(401);
        while (now < Ms(2_400))
        {
            var decision = ClientPolicy.Next(call, now);
            if (decision.Step == ClientStep.Send)
            {
                later.Add(decision.Target!);
                call.OnSent(decision.Target!, now);
            }
            else if (decision.Step == ClientStep.Resolve)
            {
                call.OnResolving();
                call.OnResolved(null, now);
            }
            else now = decision.Until;
        }

        Assert.All(later, silo => Assert.Contains(silo, new[] { first, second }));
        Assert.DoesNotContain(Sent(call, now), new[] { first, second });
    }

    /// <summary>One that declined does not execute it: the next is tried at once.</summary>
    [Fact]
    public void ReadThatWasDeclined_IsNotHeldUp_ByTheHedge()
    {
        var call = Call(CallKind.ReadAny, View(1, A, A, B, C));
        var first = Sent(call, default);
        var second = Sent(call, Ms(400));
        call.OnBroken(second, null, Ms(401));
        Assert.DoesNotContain(Sent(call, Ms(401)), new[] { first, second });
    }

    /// <summary>The replica executes it, and the relay that brought the call has gone: only a copy that joins it brings its answer.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadThatIsRunning_IsSentThereAgain_AndNowhereElse(bool byTheMaster)
    {
        var call = Call(byTheMaster ? CallKind.ReadMaster : CallKind.ReadAny, View(1, A, A, B, C));
        var first = Sent(call, default);
        call.OnRunning(first, Ms(300));
        Assert.Equal(first, Sent(call, Ms(300)));
        call.OnAwaited(first, Ms(1_500));
        Assert.Equal(new ClientDecision(ClientStep.Wait, Until: Ms(1_500)), ClientPolicy.Next(call, Ms(800)));
        call.OnRedirected(first, null, Ms(900)); // it does not execute it any more
        Assert.NotEqual(first, Sent(call, Ms(900)));
    }

    [Fact]
    public void LimitOfTheMethod_IsTheCallsLimit_WithinBounds()
    {
        Assert.Equal(Ms(700), Times.Within(Ms(700)).Call);
        Assert.Equal(TimeSpan.FromMinutes(10), Times.Within(TimeSpan.FromHours(1)).Call);
        Assert.Equal(Times, Times.Within(null));
        Assert.Equal(Times, Times.Within(Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public void ReadOfOne_AsksNobodyElse()
    {
        var call = new CallProgress(CallKind.ReadOne, Times) { OnlySilo = B };
        call.OnView(View(1, A, A, B));
        Assert.Equal(B, Sent(call, default));
        call.OnRedirected(B, null, Ms(1));
        Assert.Equal(ClientStep.Wait, ClientPolicy.Next(call, Ms(1)).Step);
        Assert.Equal(B, Sent(call, Ms(41)));
    }

    [Fact]
    public void ReplicasWithoutSilo_AreLeftOut_AndTheDirectoryIsAsked()
    {
        var view = View(1, A, A, B);
        view = view with { Replicas = [.. view.Replicas.Select(replica => replica with { Silo = null })] };
        foreach (var kind in new[] { CallKind.Operation, CallKind.ReadAny, CallKind.ReadMaster })
            Assert.Equal(new ClientDecision(ClientStep.Resolve, RefusedVersion: 1), ClientPolicy.Next(Call(kind, view), default));
    }

    /// <summary>Whatever the replicas answer, the policy never spins: it waits for a time ahead, or sends to one that may be asked.</summary>
    [Fact]
    public void AnyAnswers_NeverMakeItSpin()
    {
        for (var seed = 1; seed <= 300; seed++)
        {
            var random = new Random(seed);
            var kind = (CallKind)random.Next(3);
            var call = Call(kind, random.Next(3) == 0 ? null : View(1, A, A, B, C), random.Next(3));
            var now = TimeSpan.Zero;
            var version = 1;
            var steps = 0;
            List<SiloAddress> open = [];
            while (ClientPolicy.Next(call, now) is { Step: not ClientStep.GiveUp } decision)
            {
                Assert.True(++steps < 5000, $"seed {seed}");
                if (decision.Step == ClientStep.Send)
                {
                    call.OnSent(decision.Target!, now);
                    open.Add(decision.Target!);
                }
                else if (decision.Step == ClientStep.Resolve) call.OnResolving();
                else
                {
                    Assert.True(decision.Until > now, $"seed {seed}");
                    now = random.Next(2) == 0 ? decision.Until : now + (decision.Until - now) / 2 + Ms(1);
                    if (call.Resolving) call.OnResolved(random.Next(2) == 0 ? null : View(++version, random.Next(2) == 0 ? A : B, A, B, C), now);
                    if (open.Count == 0 || random.Next(3) == 0) continue;
                    var silo = open[0];
                    open.RemoveAt(0);
                    if (random.Next(3) == 0) call.OnUnknown(silo, null, now);
                    else if (random.Next(2) == 0) call.OnRefused(silo, RefusalReason.TooFewInSync, null, now);
                    else call.OnRedirected(silo, null, now);
                }
            }
        }
    }

    /// <summary>
    /// Two copies are out. The relay of one says that it was never sent; of the other nobody knows: the caller must not be told that
    /// nothing was executed.
    /// </summary>
    [Fact]
    public void EachCopyThatWasSent_MayHaveBeenExecuted_UntilItsOwnReplyDenies()
    {
        var call = Call(CallKind.Operation, View(1, A, A, B));
        Sent(call, default);
        Assert.Equal(B, Sent(call, Ms(400)));
        Assert.Equal(A, Sent(call, Ms(400)));
        call.OnNotSent();
        call.OnWayFailed(A, null, Ms(450));
        call.OnRedirected(B, null, Ms(410));
        Assert.True(call.MaybeExecuted);
        call.OnRefused(A, RefusalReason.Overloaded, null, Ms(500));
        Assert.False(call.MaybeExecuted);
    }

    /// <summary>
    /// A way that failed is the way's fault: the replica is asked again by another one, at once or a little later, and others need not
    /// wait for that.
    /// </summary>
    [Fact]
    public void WayThatFailed_IsNotTheReplicasFault()
    {
        var call = Call(CallKind.Operation, View(1, A, A, B));
        Assert.Equal(A, Sent(call, default));
        call.OnWayFailed(A, null, Ms(40));
        Assert.Equal(B, Sent(call, Ms(1)));
        Assert.Equal(A, Sent(call, Ms(40)));
        call.OnRedirected(B, View(1, A, A, B), Ms(41));
        Assert.Equal(ClientStep.Resolve, ClientPolicy.Next(call, Ms(41)).Step);
    }

    /// <summary>By a relay an attempt has less time than the replica would be given: what is silent then is the way.</summary>
    [Fact]
    public void SilentRelay_IsFollowedByAnotherOneSoon()
    {
        var call = Call(CallKind.Operation, View(1, A, A));
        var now = TimeSpan.Zero;
        for (var i = 0; i < 6; i++)
        {
            var decision = ClientPolicy.Next(call, now);
            if (decision.Step == ClientStep.Resolve)
            {
                call.OnResolving();
                call.OnResolved(null, now);
                decision = ClientPolicy.Next(call, now);
            }

            if (decision.Step == ClientStep.Wait)
            {
                now = decision.Until;
                continue;
            }

            call.OnSent(A, now, Ms(800));
            Assert.True(call.Target(A).NextTry <= now + Ms(800));
        }
    }

    private static CallProgress Call(CallKind kind, GroupView? view, int turn = 0)
    {
        var call = new CallProgress(kind, Times, turn);
        call.OnView(view);
        return call;
    }

    private static SiloAddress Sent(CallProgress call, TimeSpan now)
    {
        var decision = ClientPolicy.Next(call, now);
        Assert.Equal(ClientStep.Send, decision.Step);
        call.OnSent(decision.Target!, now);
        return decision.Target!;
    }

    private static GroupView View(long version, SiloAddress master, params SiloAddress[] silos) => new(
        new GroupId(GrainId.Create("g", "k")), new Epoch(version), version, Node(master), [.. silos.Select(silo => new ReplicaAddress(Node(silo), silo, true))]);

    private static NodeId Node(SiloAddress silo) => new(new Guid(silo.Endpoint.Port, 0, 0, new byte[8]));
    private static SiloAddress Silo(int port) => SiloAddress.New(System.Net.IPAddress.Loopback, port, 1);
    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
