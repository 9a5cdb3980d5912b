using System.IO.Hashing;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of requests that come more than once (W1).</summary>
public sealed class RequestTests
{
    /// <summary>A retry while the first is in flight joins it, and is answered no earlier.</summary>
    [Fact]
    public void Retry_WhileTheFirstIsInFlight_JoinsIt() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, slave) = (scenario.Master, scenario.Slaves[0]);
        scenario.Hold(master, slave, Scenario.IsAppendWithEntries);
        var operation = scenario.Operation(1);
        var (first, retry) = (scenario.Send(master, operation), scenario.Send(master, operation));
        scenario.Wait(TimeSpan.FromMilliseconds(100));
        Assert.Null(first.Reply);
        Assert.Null(retry.Reply);

        scenario.EndScript();
        scenario.Do(scenario.Cluster.Network.ReleaseHeld);
        scenario.Until(() => retry.IsAnswered && first.IsAnswered, "both answers");
        Assert.Equal(first.Reply!.Payload, retry.Reply!.Payload);
        scenario.Heal();
        Assert.Equal(6, scenario.At(master).Applied);
    });

    /// <summary>The first attempt is inherited by a new master, which has not applied it yet when the retry comes.</summary>
    [Fact]
    public void Retry_AtANewMaster_ThatInheritedTheFirst_IsExecutedOnce() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, next) = (scenario.Master, scenario.Slaves[0]);
        scenario.Lose(next, master, m => m is Replication.AppendReply);
        var operation = scenario.Operation(1);
        scenario.Send(master, operation);
        scenario.Until(() => scenario.At(next).Disk.DurableIndex == scenario.At(master).Disk.Last.Index, "it is on both disks");
        scenario.Do(master.Crash);
        scenario.Until(() => scenario.At(next).IsMaster, "a new master");
        var retry = scenario.Send(next, operation);
        scenario.Until(() => retry.IsAnswered, "an answer");
        scenario.Heal();
        Assert.Equal(6, scenario.At(next).Applied);
    });

    /// <summary>
    /// W8: a strict group's new master inherits a request and cannot commit its barrier alone. The retry is not told that nothing was executed, for the
    /// inherited entry is executed later.
    /// </summary>
    [Fact]
    public void Retry_AtANewMaster_ThatCannotServeYet_IsNotToldThatNothingWasExecuted() => Scenario.Play(() =>
    {
        var scenario = new Scenario(new Runs.GroupShape(2, ReplicationMode.Synchronous, 2));
        scenario.Change(5);
        var (master, next) = (scenario.Master, scenario.Slaves[0]);
        scenario.Lose(next, master, m => m is Replication.AppendReply);
        var operation = scenario.Operation(1);
        scenario.Send(master, operation);
        scenario.Until(() => scenario.At(next).Disk.DurableIndex == scenario.At(master).Disk.Last.Index, "it is on both disks");
        scenario.Do(master.Crash);
        scenario.Until(() => scenario.At(next).IsMaster, "a new master");
        var retry = scenario.Send(next, operation);
        scenario.Until(() => retry.Reply is not null, "a word");
        Assert.Equal((ReplyKind.NotTaken, RefusalReason.TooFewInSync), (retry.Reply!.Kind, retry.Reply.Refusal));
        Assert.False(scenario.At(next).IsServing);

        scenario.Heal();
        Assert.Equal(6, scenario.At(next).Applied); // the inherited copy was executed after all
        retry = scenario.Send(scenario.Master, operation);
        scenario.Until(() => retry.IsAnswered, "the recorded answer");
        Assert.Equal(6, scenario.At(next).Applied);
    });

    /// <summary>
    /// Filters of the admitting replica have changed the arguments, and what they made is logged. A retry brings what the client sent, and
    /// is known by it: in flight, answered, and by a new master (W1, W3).
    /// </summary>
    [Fact]
    public void Retry_OfAnOperationThatFiltersChanged_IsTheSameRequest() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var (master, next) = (scenario.Master, scenario.Slaves[0]);
        scenario.Hold(master, next, Scenario.IsAppendWithEntries);
        var sent = scenario.Operation(1);
        var first = scenario.Send(master, sent.With([1, 2, 3, 4, 5, 6, 7, 8], XxHash3.HashToUInt64(sent.Payload)));
        var retry = scenario.Send(master, sent);
        scenario.Wait(TimeSpan.FromMilliseconds(20));
        Assert.Null(retry.Reply); // it has joined the first
        scenario.EndScript();
        scenario.Do(scenario.Cluster.Network.ReleaseHeld);
        scenario.Until(() => first.IsAnswered && retry.IsAnswered, "both answers");
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], scenario.At(master).Disk.Read(scenario.At(master).Disk.Last.Index, 1, int.MaxValue)[0].Payload);

        scenario.UntilAllRest();
        scenario.Do(master.Crash);
        scenario.Until(() => scenario.At(next).IsServing, "a new master");
        retry = scenario.Send(next, sent);
        scenario.Until(() => retry.IsAnswered, "the recorded answer");
        scenario.Heal();
        Assert.Equal(6, scenario.At(next).Applied);
    });

    /// <summary>Apply looks again: two entries of one request, however they came into the logs, are executed once.</summary>
    [Fact]
    public void Entry_WhoseRequestWasExecuted_IsNotExecutedAgain() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        scenario.UntilAllRest();
        foreach (var node in scenario.Cluster.Nodes) scenario.Do(node.Crash);
        foreach (var node in scenario.Cluster.Nodes.Take(2))
        {
            var platter = node.ContentsOf(scenario.Group.Index);
            var last = platter.Entries[^1];
            platter.Append([new LogEntry
            {
                Kind = last.Kind, Position = new LogPosition(last.Epoch, last.Index.Next()), TimeUtc = last.TimeUtc, Request = last.Request,
                AnsweredThrough = last.AnsweredThrough, DataLossCount = last.DataLossCount, Payload = last.Payload,
                SessionTime = last.SessionTime, Known = last.Known, PayloadChecksum = last.PayloadChecksum,
            }]);
        }

        scenario.Heal();
        Assert.Equal(5, scenario.At(scenario.Master).Applied);
    });

    /// <summary>A session is evicted, and its client retries: refused by the floor, never executed again.</summary>
    [Fact]
    public void Retry_OfAClientThatWasForgotten_IsRefused_OnEveryReplicaAlike() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, limits: l => l with { Sessions = new SessionLimits(100, 100, TimeSpan.FromSeconds(5)) });
        var operation = scenario.Operation(1);
        var first = scenario.Send(scenario.Master, operation);
        scenario.Until(() => first.IsAnswered, "an answer");
        scenario.Wait(TimeSpan.FromSeconds(6));
        scenario.Change();

        var reply = scenario.Soon(scenario.Send(scenario.Master, operation));
        Assert.Equal((ReplyKind.Refused, RefusalReason.RequestExpired), (reply!.Kind, reply.Refusal));

        var former = scenario.Master;
        scenario.Do(former.Crash);
        scenario.Until(() => scenario.Master != former && scenario.At(scenario.Master).IsServing, "another master");
        reply = scenario.Soon(scenario.Send(scenario.Master, operation));
        Assert.Equal((ReplyKind.Refused, RefusalReason.RequestExpired), (reply!.Kind, reply.Refusal));
        scenario.Heal();
    });
}
