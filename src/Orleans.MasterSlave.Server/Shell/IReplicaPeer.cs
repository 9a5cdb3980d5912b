using Orleans.Concurrency;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Replication;

namespace Orleans.MasterSlave.Shell;

/// <summary>What replicas of one group ask of each other, and the coordinator grain of the first master.</summary>
[Alias("masterslave.IReplicaPeer")]
internal interface IReplicaPeer : IGrainExtension
{
    [AlwaysInterleave, Alias("append"), ResponseTimeout("00:00:05")]
    Task<AppendReply> AppendAsync(AppendRequest request);

    [AlwaysInterleave, Alias("install"), ResponseTimeout("00:00:10")]
    Task<InstallReply> InstallAsync(InstallRequest request);

    [AlwaysInterleave, Alias("status"), ResponseTimeout("00:00:05")]
    Task<ReplicaStatus> StatusAsync();

    /// <summary>Makes the group with this replica as master (G2), unless a node holds data of it (I4).</summary>
    [AlwaysInterleave, Alias("create")]
    Task<CreateReply> CreateAsync(GroupPlan plan);
}
