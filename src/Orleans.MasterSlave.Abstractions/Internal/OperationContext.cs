using System.Diagnostics.CodeAnalysis;

namespace Orleans.MasterSlave;

/// <summary>One operation while it is applied: all that it may see besides its arguments and the state (W9). The same on every replica.</summary>
/// <param name="timeUtc">The entry's time.</param>
/// <param name="key">The key of the mastership that made the entry, whoever is master now.</param>
/// <param name="epoch">The entry's epoch.</param>
/// <param name="index">The entry's index.</param>
internal sealed class OperationContext(DateTime timeUtc, DrawKey key, long epoch, long index)
{
    private static readonly AsyncLocal<OperationContext?> Ambient = new();
    private DeterministicRandom? _random;
    private List<Func<Task>>? _afterCommit;

    /// <summary>The operation that the calling code is a part of; null outside. Calls to grains are refused while it is set.</summary>
    public static OperationContext? Current => Ambient.Value is { HasEnded: false } current ? current : null;

    public DateTime TimeUtc { get; } = DateTime.SpecifyKind(timeUtc, DateTimeKind.Utc);

    public DeterministicRandom Random => _random ??= key.DrawsOf(epoch, index);

    public bool HasEnded { get; private set; }

    /// <summary>What the author wants done after the answer is recorded, in order. The server runs it on the master, outside of the operation.</summary>
    public IReadOnlyList<Func<Task>> AfterCommit => _afterCommit ?? (IReadOnlyList<Func<Task>>)[];

    public void AddAfterCommit(Func<Task> action) => (_afterCommit ??= []).Add(action);

    /// <summary>Makes this the current operation of the grain and of the calling code, until disposed.</summary>
    public Scope Enter(IReplicatedGrain grain)
    {
        grain.CurrentOperation = this;
        Ambient.Value = this;
        return new Scope(this, grain);
    }

    /// <summary>Throws when the calling code is a part of an operation.</summary>
    public static void RefuseInside(string what)
    {
        if (Current is not null) Throw(what);
    }

    [DoesNotReturn]
    private static void Throw(string what) => throw new NotSupportedOnReplicatedGrainException(
        $"{what} is not possible inside an operation of a replicated grain: it would happen once on each replica. " +
        "Use AfterCommit(...) for what must happen outside, or make the method [ReadOnly].");

    internal readonly struct Scope(OperationContext context, IReplicatedGrain grain) : IDisposable
    {
        public void Dispose()
        {
            context.HasEnded = true;
            grain.CurrentOperation = null;
            Ambient.Value = null;
        }
    }
}
