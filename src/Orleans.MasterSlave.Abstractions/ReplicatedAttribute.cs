using System.Globalization;
using Orleans.Metadata;
using Orleans.Runtime;

namespace Orleans.MasterSlave;

/// <summary>Says how a <see cref="ReplicatedGrain{TState}"/> is replicated. Every such class carries it.</summary>
/// <param name="mode">When an operation is answered.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ReplicatedAttribute(ReplicationMode mode) : Attribute, IGrainPropertiesProviderAttribute
{
    /// <summary>The most replicas a grain may ask for.</summary>
    public const int MaxReplicas = 7;

    /// <summary>Replicates synchronously.</summary>
    public ReplicatedAttribute() : this(ReplicationMode.Synchronous)
    {
    }

    /// <summary>When an operation is answered. Default: <see cref="ReplicationMode.Synchronous"/>.</summary>
    public ReplicationMode Mode { get; } = mode;

    /// <summary>
    /// How many replicas there shall be, the master among them, each on a silo of its own. A group that is made, by the first call, while
    /// fewer silos are there keeps the few. Fixed for a group when it is made.
    /// 1 to <see cref="MaxReplicas"/>; default 2.
    /// </summary>
    public int Replicas { get; set; } = 2;

    /// <summary>
    /// How many replicas must be in sync, the master among them, for an operation to be accepted. With 1, the last one left serves on alone;
    /// with 2, nothing is ever answered that is on one disk only. 1 to <see cref="Replicas"/>; default 1.
    /// </summary>
    public int MinInSyncReplicas { get; set; } = 1;

    /// <summary>Which replica answers <c>[ReadOnly]</c> calls, unless the method or the caller says otherwise. Default: <see cref="ReadPreference.AnyReplica"/>.</summary>
    public ReadPreference ReadPreference { get; set; } = ReadPreference.AnyReplica;

    /// <inheritdoc/>
    public void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        properties[ReplicatedGrainProperties.Mode] = Mode.ToString();
        properties[ReplicatedGrainProperties.Replicas] = Replicas.ToString(CultureInfo.InvariantCulture);
        properties[ReplicatedGrainProperties.MinInSyncReplicas] = MinInSyncReplicas.ToString(CultureInfo.InvariantCulture);
        properties[ReplicatedGrainProperties.ReadPreference] = ReadPreference.ToString();
    }
}
