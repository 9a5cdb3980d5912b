using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Scenarios;

/// <summary>Histories of a store that is not the one that was left (I1, I4): nobody obeys it, and nothing is dropped for it.</summary>
public sealed class StoreTests
{
    [Fact]
    public void Store_RestoredFromABackup_IsNotObeyed() => Play((scenario, backup) => scenario.Cluster.Store.Restore(backup));

    [Fact]
    public void Store_WithoutTheRecord_IsNotObeyed() => Play((scenario, _) => scenario.Cluster.Store.Forget(scenario.Group.Id));

    /// <summary>The store was doubled: the other one has the same rows, and an id of its own.</summary>
    [Fact]
    public void Store_ThatIsAnother_IsNotObeyed() =>
        Play((scenario, _) => scenario.Cluster.Store.Restore(scenario.Record with { Store = new StoreId(new Guid(1, 2, 3, new byte[8])) }));

    private static void Play(Action<Scenario, GroupRecord> change) => Scenario.Play(() =>
    {
        var scenario = new Scenario(Scenario.Pair);
        scenario.Change(5);
        var backup = scenario.Record;
        var former = scenario.Master;
        scenario.Do(former.Crash);
        scenario.Until(() => scenario.Master != former && scenario.At(scenario.Master).IsServing, "another master");
        scenario.Change(5); // in the next epoch, on one disk
        scenario.Do(() => former.Start());
        scenario.UntilAllRest();
        scenario.Cluster.MayQuarantine = true;
        var nodes = new[] { scenario.Master, former };
        foreach (var node in nodes) scenario.Do(node.Crash);
        change(scenario, backup);
        foreach (var node in nodes) scenario.Do(() => node.Start());

        foreach (var node in nodes) scenario.Until(() => node.Silo!.IsUp && scenario.At(node).Status.Trouble is not null, "quarantine");
        scenario.Wait(TimeSpan.FromSeconds(5));
        foreach (var node in nodes)
        {
            Assert.False(scenario.At(node).IsServing);
            Assert.NotEqual(ReplyKind.Answered, scenario.Soon(scenario.Send(node, scenario.Operation(1)))?.Kind);
            Assert.Equal(10, node.ContentsOf(scenario.Group.Index).Entries.Count(e => e.Kind == Journal.EntryKind.Operation));
        }
    });
}
