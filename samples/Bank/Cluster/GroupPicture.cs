namespace Bank.Cluster;

/// <summary>One replica of an account's group.</summary>
/// <param name="Silo">Name of the silo that it is pinned to; null when its node is not known to run.</param>
/// <param name="InSync">It holds every acknowledged operation.</param>
/// <param name="Behind">Operations that the master has applied and this replica has not; null when one of them did not answer.</param>
internal sealed record ReplicaPicture(string? Silo, bool InSync, long? Behind);

/// <summary>An account's group, as it was a moment ago.</summary>
/// <param name="Account">The account.</param>
/// <param name="Master">Name of the silo that masters the group; null when its node is not known to run.</param>
/// <param name="Replicas">All replicas, the master among them.</param>
internal sealed record GroupPicture(string Account, string? Master, IReadOnlyList<ReplicaPicture> Replicas)
{
    public int InSync => Replicas.Count(replica => replica.InSync && replica.Silo is not null);

    public override string ToString() => $"Account {Account}: {string.Join(", ", Replicas.Select(Describe))}.";

    private string Describe(ReplicaPicture replica) =>
        $"{(replica.Silo == Master ? "master" : "slave")} on {replica.Silo ?? "an unknown silo"} {(replica.InSync ? "in sync" : "out of sync")}";
}
