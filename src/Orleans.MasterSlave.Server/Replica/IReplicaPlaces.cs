using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Replicas;

/// <summary>Can a replica of some group live on some node, as far as is known here?</summary>
internal enum PlaceState
{
    Fits,

    /// <summary>No silo is known to be this node.</summary>
    UnknownNode,

    /// <summary>The node's silo has been declared dead.</summary>
    Down,

    /// <summary>Its silo runs, and its manifest has not come yet.</summary>
    ManifestNotKnown,

    /// <summary>Its silo has not the grain's class.</summary>
    NoClass,

    /// <summary>Its silo has the grain's class as one that is not replicated, as an older version of the application may.</summary>
    PlainClass,
}

/// <summary>Where replicas of one group can live today. Cheap to ask.</summary>
internal interface IReplicaPlaces
{
    /// <summary>How many replicas the author asks for.</summary>
    int Wanted { get; }

    PlaceState StateOf(NodeId node);

    /// <summary>The best node for one more replica beside those; null: none is known.</summary>
    NodeId? Another(IReadOnlyCollection<NodeId> taken);
}
