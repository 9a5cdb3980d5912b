using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Replicas;

/// <summary>When a digest of the state is due.</summary>
/// <param name="EveryOperations">After so many operations; zero: never.</param>
internal sealed record DigestTrigger(long EveryOperations);

/// <summary>
/// Marks the entries of a mastership after which all replicas take a digest of their state: every so many operations, but so seldom that digests take at most a
/// hundredth of the time, however large the state is.
/// </summary>
internal sealed class DigestMarks(DigestTrigger trigger, Func<TimeSpan> now)
{
    private const int Share = 100;
    private long _operations;
    private TimeSpan _notBefore = TimeSpan.MinValue;

    public EntryFlags Next()
    {
        if (trigger.EveryOperations == 0 || ++_operations < trigger.EveryOperations || now() < _notBefore) return EntryFlags.None;
        _operations = 0;
        return EntryFlags.DigestHere;
    }

    /// <summary>A digest took so long here; on slaves it takes as long.</summary>
    public void Took(TimeSpan time) => _notBefore = now() + (time * (Share - 1));
}
