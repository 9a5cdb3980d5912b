using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Liveness;

/// <summary>A replica, as the node's liveness sees it. Calls may come from any thread and only post to the replica's own.</summary>
internal interface IReplicaListener
{
    GroupId Group { get; }

    /// <summary>A silo that this replica works with came, went, or began a new session: look at the group now.</summary>
    void PeerChanged();

    /// <summary>The master gave up this mastership (L6).</summary>
    void MasterResigned(Epoch epoch);

    /// <summary>The replica on that node started anew in a living process: it does not know the stable point, and nothing else tells this master so.</summary>
    void SlaveStartedAnew(NodeId slave);

    /// <summary>
    /// Does the slave on that node lack what was stable before, or does this master not serve yet (R2)? Asked of those who asked for ticks only, within
    /// liveness' lock: it reads what the replica publishes, and waits for nothing.
    /// </summary>
    bool IsSlaveBehind(NodeId slave, TimeSpan before);

    /// <summary>Time has passed; called only while this replica asked for it.</summary>
    void Tick();
}
