namespace Orleans.MasterSlave;

/// <summary>A read preference for the calls that are made while it is open: <c>using (ReadPreferenceScope.Use(ReadPreference.Master)) { … }</c></summary>
/// <remarks>It flows with <c>await</c> on this side only: it is not passed on to the grain that is called.</remarks>
public readonly struct ReadPreferenceScope : IDisposable
{
    private static readonly AsyncLocal<ReadPreference?> Ambient = new();
    private readonly ReadPreference? _outer;

    private ReadPreferenceScope(ReadPreference? outer) => _outer = outer;

    /// <summary>The preference of the innermost open scope; null when there is none.</summary>
    public static ReadPreference? Current => Ambient.Value;

    /// <summary>Opens a scope.</summary>
    /// <param name="preference">Which replica answers the reads inside it.</param>
    /// <returns>The scope: dispose it to return to the outer preference.</returns>
    public static ReadPreferenceScope Use(ReadPreference preference)
    {
        var scope = new ReadPreferenceScope(Ambient.Value);
        Ambient.Value = preference;
        return scope;
    }

    /// <summary>Closes the scope.</summary>
    public void Dispose() => Ambient.Value = _outer;
}
