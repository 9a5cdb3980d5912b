using Bank.Silos;

namespace Bank.Faults;

/// <summary>Something bad that befalls silos, and its end.</summary>
internal abstract class Fault : IDisposable
{
    /// <summary>What happened, for the screen: follows the silos' names.</summary>
    public abstract string What { get; }

    /// <summary>Whom it befalls.</summary>
    public abstract IReadOnlyList<SiloProcess> Silos { get; }

    public string Names => string.Join(" and ", Silos.Select(silo => silo.Settings.Name));

    /// <summary>Brings it about. In force when this returns.</summary>
    public abstract void Hit();

    /// <summary>Ends it.</summary>
    /// <returns>What was done, for the screen.</returns>
    public abstract Task<string> EndAsync(CancellationToken cancellation);

    /// <summary>Leaves nothing of it behind, however the run ends.</summary>
    public virtual void Dispose()
    {
    }
}
