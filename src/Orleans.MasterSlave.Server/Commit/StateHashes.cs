namespace Orleans.MasterSlave.Commit;

/// <summary>What a serialized state looks like, in a few bytes (W11).</summary>
/// <param name="Ordered">Sees the order in which collections hold their elements.</param>
/// <param name="Unordered">Does not: the same for states of the same values.</param>
[GenerateSerializer, Immutable, Alias("masterslave.state-hashes")]
internal readonly record struct StateHashes([property: Id(0)] UInt128 Ordered, [property: Id(1)] UInt128 Unordered);
