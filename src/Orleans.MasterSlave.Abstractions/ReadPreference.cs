namespace Orleans.MasterSlave;

/// <summary>Which replica answers a <c>[ReadOnly]</c> call.</summary>
/// <remarks>
/// The narrowest one wins: a <see cref="ReadPreferenceScope"/> around the call, then <see cref="ReadPreferenceAttribute"/> on the interface method,
/// then <see cref="ReplicatedAttribute.ReadPreference"/> on the grain class.
/// </remarks>
public enum ReadPreference
{
    /// <summary>
    /// The replicas in turn. A client sees its own writes, and time never runs backwards for it, but it may not yet see what others wrote a moment ago.
    /// </summary>
    AnyReplica,

    /// <summary>The master only: linearizable, that is, it sees every operation that was answered before the call began, whoever made it.</summary>
    Master,
}

/// <summary>Says on a <c>[ReadOnly]</c> method of a grain interface which replica answers it.</summary>
/// <param name="preference">Which replica answers.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadPreferenceAttribute(ReadPreference preference) : Attribute
{
    /// <summary>Which replica answers.</summary>
    public ReadPreference Preference { get; } = preference;
}
