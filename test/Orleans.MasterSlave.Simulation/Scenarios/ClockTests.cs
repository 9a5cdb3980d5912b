using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Simulated.Nodes;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of wall clocks that are wrong, and that are put right (W1, W9): they decide nothing about what is executed.</summary>
public sealed class ClockTests
{
    private static readonly TimeSpan TwoHours = TimeSpan.FromHours(2), TenYears = TimeSpan.FromDays(3653);

    /// <summary>The first master's clock is two hours slow. Its entries looked idle for two hours to a master whose clock is right.</summary>
    [Fact]
    public void Retry_AfterAFailoverFromASlowClock_GetsTheFirstAnswer() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(2);
        var (slow, right) = (scenario.Master, scenario.Slaves[0]);
        scenario.Do(() => slow.WallClockOffset = -TwoHours);
        var operation = scenario.Operation(1);
        var first = scenario.Send(slow, operation);
        scenario.Until(() => first.IsAnswered, "an answer");
        scenario.UntilAllRest();

        scenario.Do(slow.Crash);
        scenario.Until(() => scenario.Master == right && scenario.At(right).IsServing, "another master");
        scenario.Change(2);
        var retry = scenario.Send(right, operation);
        scenario.Until(() => retry.Reply is not null, "a reply");
        Assert.Equal(first.Reply!.Payload, retry.Reply!.Payload);
        scenario.Heal();
    });

    /// <summary>One master's clock is put right by two hours between an attempt and its retry.</summary>
    [Fact]
    public void Retry_AfterTheClockWasPutRight_GetsTheFirstAnswer() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Do(() => scenario.Master.WallClockOffset = -TwoHours);
        var operation = scenario.Operation(1);
        var first = scenario.Send(scenario.Master, operation);
        scenario.Until(() => first.IsAnswered, "an answer");

        scenario.Do(() => scenario.Master.WallClockOffset = TimeSpan.Zero);
        scenario.Change(2);
        var retry = scenario.Send(scenario.Master, operation);
        scenario.Until(() => retry.Reply is not null, "a reply");
        Assert.Equal(first.Reply!.Payload, retry.Reply!.Payload);
        scenario.Heal();
    });

    /// <summary>A clock that was ten years ahead for two seconds: the group's time comes back when the clock does, and idle clients go as ever.</summary>
    [Fact]
    public void Clock_ThatWasYearsAhead_StopsNeitherTheGroupsTime_NorItsForgetting() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair, limits: l => l with { Sessions = new SessionLimits(2, 100, TimeSpan.FromMinutes(10)) { LeastRetention = TimeSpan.FromSeconds(30) } });
        scenario.Change();
        var master = scenario.Master;
        scenario.Do(() => master.WallClockOffset = TenYears);
        var other = scenario.Send(master, scenario.Operation(1, client: 1));
        scenario.Until(() => other.IsAnswered, "an answer");
        scenario.Wait(TimeSpan.FromSeconds(2));
        scenario.Do(() => master.WallClockOffset = TimeSpan.Zero);

        Assert.Equal(RefusalReason.SessionTableFull, scenario.Soon(scenario.Send(master, scenario.Operation(1, client: 2, scenario.Known)))!.Refusal);
        scenario.Wait(TimeSpan.FromSeconds(40));
        var third = scenario.Send(scenario.Master, scenario.Operation(1, client: 2, scenario.Known));
        scenario.Until(() => third.IsAnswered, "an answer");
        Assert.InRange(scenario.At(scenario.Master).Disk.LastTimeUtc - scenario.UtcNow, -TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        scenario.Heal();
    });

    /// <summary>Of three clocks the middle one counts: a master whose own is wrong gives its group the time that the others have.</summary>
    [Theory, InlineData(2.0), InlineData(-2.0)]
    public void Master_WhoseClockIsWrong_TakesTheTimeOfTheOthers(double hours) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Three);
        scenario.Change();
        var (wrong, epoch) = (scenario.Master, scenario.Record.Epoch);
        scenario.Do(() => wrong.WallClockOffset = TimeSpan.FromHours(hours));
        scenario.Wait(TimeSpan.FromSeconds(2));
        scenario.Change(2);
        Assert.InRange(scenario.At(wrong).Disk.LastTimeUtc - scenario.UtcNow, -TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        Assert.Equal((wrong, epoch), (scenario.Master, scenario.Record.Epoch));

        scenario.Do(() => wrong.WallClockOffset = TimeSpan.Zero);
        scenario.Wait(TimeSpan.FromSeconds(2));
        scenario.Change(2);
        Assert.InRange(scenario.At(wrong).Disk.LastTimeUtc - scenario.UtcNow, -TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        scenario.Heal();
    });

    /// <summary>A new master whose clock is right sets back the time that it inherits from one whose clock was wrong.</summary>
    [Fact]
    public void Barrier_SetsBackATimeThatIsFarAhead() => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        var (wrong, right) = (scenario.Master, scenario.Slaves[0]);
        scenario.Do(() => wrong.WallClockOffset = TenYears);
        scenario.Change(2);
        Assert.True(scenario.At(wrong).Disk.LastTimeUtc > scenario.UtcNow + TwoHours);
        scenario.UntilAllRest();
        scenario.Do(wrong.Crash);
        scenario.Until(() => scenario.Master == right && scenario.At(right).IsServing, "another master");
        scenario.Change();
        Assert.InRange(scenario.At(right).Disk.LastTimeUtc - scenario.UtcNow, -TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        scenario.Heal();
    });

    /// <summary>The silos' options differ, as in a rolling change: what decides in applying stands in the log, and the replicas stay alike.</summary>
    [Fact]
    public void Replicas_WithOtherSessionOptions_ForgetTheSameClients() => Scenario.Play(() =>
    {
        var scenario = new Scenario(
            Scenario.Pair, limits: l => l with { Sessions = new SessionLimits(100, 100, TimeSpan.FromSeconds(5)) }, limitsOf: (node, l) =>
                node == 1 ? l with { Sessions = new SessionLimits(100, 100, TimeSpan.FromHours(1)) } : l);
        var operation = scenario.Operation(1);
        var first = scenario.Send(scenario.Master, operation);
        scenario.Until(() => first.IsAnswered, "an answer");
        scenario.Wait(TimeSpan.FromSeconds(6));
        scenario.Change();
        scenario.UntilAllRest();
        Assert.Equal(RefusalReason.RequestExpired, scenario.Soon(scenario.Send(scenario.Master, operation))!.Refusal);

        var former = scenario.Master;
        scenario.Do(former.Crash);
        scenario.Until(() => scenario.Master != former && scenario.At(scenario.Master).IsServing, "another master");
        Assert.Equal(RefusalReason.RequestExpired, scenario.Soon(scenario.Send(scenario.Master, operation))!.Refusal);
        scenario.Heal();
    });
}
