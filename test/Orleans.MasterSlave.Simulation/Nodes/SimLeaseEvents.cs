using Orleans.Hosting;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Nodes;

/// <summary>Counts how a process stands as its node.</summary>
internal sealed class SimLeaseEvents(SimWorld world, SimSilo silo) : INodeLeaseEvents
{
    public void Watching(NodeRecord? row, TimeSpan span) => Note("node row watched", span);
    public void RenewalFailed(Exception error) => world.Count("node renewal failed");
    public void Renewed() => world.Count("node renewed");
    public void Lapsed(StoreOutageBehavior outage) => Note("node lease lapsed", outage);
    public void HeldAgain() => Note("node lease held again", null);
    public void StoreWentBack(string what) => Note("store went back", what);

    public void Displaced(string by)
    {
        Note("node displaced", by);
        silo.Displaced();
    }

    private void Note(string what, object? detail)
    {
        world.Count(what);
        world.Note(what, silo.Index, silo.Liveness.Self.StartCount, 0, detail);
    }
}
