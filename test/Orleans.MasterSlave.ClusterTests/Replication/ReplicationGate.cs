using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Shell;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>Lets through, or not, what masters send to the replicas of one silo: entries fail on their way while it is shut. Heartbeats and leases go on.</summary>
public sealed class ReplicationGate : IIncomingGrainCallFilter
{
    private volatile bool _isShut;

    public void Shut() => _isShut = true;
    public void Open() => _isShut = false;

    public Task Invoke(IIncomingGrainCallContext context) =>
        _isShut && context.Request.GetInterfaceType() == typeof(IReplicaPeer) && context.Request.GetArgumentCount() > 0
            && context.Request.GetArgument(0) is AppendRequest { Entries.Count: > 0 }
            ? Task.FromException(new TimeoutException("The entries were lost on their way."))
            : context.Invoke();
}
