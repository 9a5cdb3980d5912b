namespace Orleans.MasterSlave.Contracts;

/// <summary>The name of a group: the grain id that callers use.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.group-id")]
internal readonly record struct GroupId([property: Id(0)] GrainId Grain)
{
    public override string ToString() => Grain.ToString();
}

/// <summary>A silo's lasting identity, kept in its log directory; the silo address is only today's incarnation.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.node-id")]
internal readonly record struct NodeId([property: Id(0)] Guid Value) : IComparable<NodeId>
{
    public bool IsNone => Value == Guid.Empty;
    public int CompareTo(NodeId other) => Value.CompareTo(other.Value);
    public override string ToString() => Value.ToString("N")[..8];
}

/// <summary>One life of a node's process: peers obey only the highest start count seen (I2).</summary>
[GenerateSerializer, Immutable, Alias("masterslave.node-life")]
internal readonly record struct NodeLife([property: Id(0)] NodeId Node, [property: Id(1)] long StartCount)
{
    public override string ToString() => $"{Node}#{StartCount}";
}

/// <summary>Identifies one group store for ever; a mismatch means that two stores were mixed up (I1).</summary>
[GenerateSerializer, Immutable, Alias("masterslave.store-id")]
internal readonly record struct StoreId([property: Id(0)] Guid Value)
{
    public override string ToString() => Value.ToString("N")[..8];
}

/// <summary>
/// Identifies one making of a group for ever (I4): random, made by its founding master. A group whose record was lost and that was made anew has the
/// same name and the same first epochs and indexes, and another birth: nothing of the one is ever taken for the other's.
/// </summary>
[GenerateSerializer, Immutable, Alias("masterslave.group-birth")]
internal readonly record struct GroupBirth([property: Id(0)] Guid Value)
{
    public static readonly GroupBirth None;
    public bool IsNone => Value == Guid.Empty;

    /// <summary>Both are known, and not the same.</summary>
    public bool IsOther(GroupBirth than) => !IsNone && !than.IsNone && this != than;

    public override string ToString() => IsNone ? "none" : Value.ToString("N")[..8];
}

/// <summary>One changing call of one client on one group, the same for every retry of it (W1). Sequences start at 1 for each client and group.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.request-id")]
internal readonly record struct RequestId([property: Id(0)] Guid Client, [property: Id(1)] long Sequence)
{
    public static readonly RequestId None;
    public bool IsNone => Sequence == 0;
    public override string ToString() => $"{Client.ToString("N")[..8]}/{Sequence}";
}
