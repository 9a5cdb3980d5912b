using Orleans.MasterSlave.Simulated.Disk;
using Orleans.MasterSlave.Simulated.Scenarios;
using Orleans.MasterSlave.Simulated.World;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Runs;

/// <summary>The checks notice a log that does not keep its promises: each way in which one could lie is planted.</summary>
public sealed class BrokenDiskTests
{
    /// <summary>A sync that failed, and a good one after it that the log takes for both (D2).</summary>
    [Fact]
    public void Log_ThatForgetsAFailedSync_IsNoticedBySomeSeed()
    {
        var failures = new List<string>();
        Scenario.Play(() =>
        {
            for (ulong seed = 1; seed <= 100 && failures.Count == 0; seed++)
                if (Simulation.Run(seed, SimulationOptions.Drawn(seed) with { Lie = DiskLie.SyncThatFailedIsForgotten }).Failure is { } failure) failures.Add(failure);
        });
        Assert.NotEmpty(failures);
        Assert.DoesNotContain("against its contract", failures[0], StringComparison.Ordinal); // by what came of it
    }

    [Fact]
    public void Log_WhoseCutsLeaveDurableMarks_IsNoticed() =>
        Assert.Contains("acknowledges", Assert.Throws<SimulationException>(() => AnswerOfACutLog(DiskLie.CutLeavesMarks)).Message, StringComparison.Ordinal);

    [Fact]
    public void Log_WhoseCutsLeaveNone_AnswersNothingBeforeItIsWritten() => Assert.False(AnswerOfACutLog(DiskLie.None));

    /// <summary>A slave that had to cut a tail becomes master at once, while its disk hangs: may it answer?</summary>
    private static bool AnswerOfACutLog(DiskLie lie)
    {
        var answered = false;
        Scenario.Play(() =>
        {
            var scenario = new Scenario(Scenario.Three, lie: lie);
            scenario.Change(5);
            var (former, next, third) = (scenario.Master, scenario.Slaves[0], scenario.Slaves[1]);
            var last = scenario.At(third).Disk.Last.Index;
            scenario.Lose(former, next, Scenario.IsAppendWithEntries);
            for (var i = 1; i <= 4; i++) scenario.Send(former, scenario.Operation(i));
            scenario.Until(() => scenario.At(third).Disk.DurableIndex == last + 4, "a tail on the third");
            scenario.EndScript();
            scenario.Cluster.Store.CutOff.Add(third.Index);
            scenario.Do(former.Crash);
            scenario.Until(() => scenario.At(next).IsServing, "a new master");
            scenario.Do(next.Crash);
            scenario.Cluster.Store.CutOff.Clear();
            scenario.Until(() => scenario.At(third).IsServing, "the one that had the tail");
            third.Disk.StalledUntil = TimeSpan.FromHours(1);
            var call = scenario.Send(third, scenario.Operation(9));
            scenario.Wait(TimeSpan.FromMilliseconds(500)); // it looks some times
            answered = call.IsAnswered;
        });
        return answered;
    }
}
