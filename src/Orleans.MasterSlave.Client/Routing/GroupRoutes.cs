using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>One replica of a view, ready to be called.</summary>
internal sealed class ReplicaRoute(GrainId id, SiloAddress silo, IReplicaEndpoint endpoint)
{
    public GrainId Id { get; } = id;
    public SiloAddress Silo { get; } = silo;
    public IReplicaEndpoint Endpoint { get; } = endpoint;
}

/// <summary>A view with the references that it takes to call its replicas. Immutable.</summary>
internal sealed class GroupRoutes
{
    private readonly Dictionary<SiloAddress, ReplicaRoute> _bySilo = [];

    public GroupRoutes(GroupView view, IGrainFactory factory)
    {
        View = view;
        List<ReplicaRoute> readers = [];
        foreach (var replica in view.Replicas)
        {
            if (replica.Callable is not { } silo) continue;
            var id = ReplicaGrainId.Create(view.Group, silo);
            var route = _bySilo[silo] = new ReplicaRoute(id, silo, factory.GetGrain<IReplicaEndpoint>(id));
            if (replica.Node == view.Master) Master = route;
            if (replica.InSync) readers.Add(route);
        }

        Readers = [.. readers];
    }

    public GroupView View { get; }
    public ReplicaRoute? Master { get; }

    /// <summary>The replicas in sync whose silo is known: reads go to them in turn.</summary>
    public ReplicaRoute[] Readers { get; }

    public ReplicaRoute? Of(SiloAddress silo) => _bySilo.GetValueOrDefault(silo);
}
