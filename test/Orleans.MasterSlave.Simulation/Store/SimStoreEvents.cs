using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Store;

/// <summary>Counts what a node is told of its store.</summary>
internal sealed class SimStoreEvents(SimWorld world) : IStoreEvents
{
    public void StoreHangs(TimeSpan limit, int hanging) => world.Count("store reported as hanging");

    public void StoreAnswersAgain() => world.Count("store answers again");
}
