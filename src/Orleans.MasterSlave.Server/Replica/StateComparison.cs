using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Replication;

namespace Orleans.MasterSlave.Replicas;

/// <summary>Holds a slave's digests against those of its master, whichever of the two comes first. Plain.</summary>
internal sealed class StateComparison
{
    private const int MostKept = 16; // of each side; the master's newest is all that travels, so a few are enough
    private readonly SortedDictionary<LogIndex, StateDigest> _own = [], _masters = [];

    /// <summary>The last position at which both had the same values.</summary>
    public LogPosition LastEqual { get; private set; }

    /// <summary>Where they differ; null: they do not, or the other one is not known yet.</summary>
    public StateDifference? Own(StateDigest digest) => Compare(digest, _own, _masters);

    /// <inheritdoc cref="Own"/>
    public StateDifference? Masters(StateDigest digest) => Compare(digest, _masters, _own);

    /// <summary>What was learned of a state that is replaced counts no more.</summary>
    public void Clear()
    {
        _own.Clear();
        _masters.Clear();
    }

    private StateDifference? Compare(StateDigest digest, SortedDictionary<LogIndex, StateDigest> to, SortedDictionary<LogIndex, StateDigest> with)
    {
        var index = digest.Position.Index;
        if (to.TryGetValue(index, out var known) && known == digest) return null; // it comes with every message
        to[index] = digest;
        if (to.Count > MostKept) to.Remove(to.First().Key);
        if (!with.TryGetValue(index, out var other) || other.Position != digest.Position || other.Code != digest.Code) return null;
        var (before, sameValues) = (LastEqual, other.Hashes.Unordered == digest.Hashes.Unordered);
        if (sameValues) LastEqual = digest.Position;
        return other.Hashes == digest.Hashes ? null : new StateDifference(digest.Position, before, OfOrderOnly: sameValues);
    }
}

/// <summary>A slave's state that is not its master's.</summary>
/// <param name="At">Where both were looked at.</param>
/// <param name="Since">Where both last had the same values.</param>
/// <param name="OfOrderOnly">
/// The values are the same, and a collection holds them in another order: as a Dictionary does that was restored. It is wrong only if operations depend on it.
/// </param>
internal readonly record struct StateDifference(LogPosition At, LogPosition Since, bool OfOrderOnly);
