using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Replication.Slave;

/// <summary>
/// The stable points that a master told this slave, and when: how old is what is applied here (R2)? Remembered in steps of <see cref="Step"/>, the
/// earlier time for all of one step. Runs in the replica's thread.
/// </summary>
internal sealed class ToldStable
{
    public static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);
    private const int MostMarks = 128;
    private readonly Queue<Mark> _marks = new(); // ascending in both; none that is known to be applied
    private Mark? _newest;
    private Epoch _epoch;
    private LogIndex? _highest; // told in that epoch; null: nothing was
    private TimeSpan _since;    // of the first message of that epoch

    /// <summary>Takes in what a message says; what another epoch's master told counts no more.</summary>
    public void Told(Epoch epoch, LogIndex stable, TimeSpan now)
    {
        if (epoch != _epoch)
        {
            _marks.Clear();
            (_epoch, _highest, _since) = (epoch, null, now);
        }

        if (_highest is { } highest && stable <= highest) return;
        _highest = stable;
        if (_marks.Count == 0 || (now - _newest!.At >= Step && _marks.Count < MostMarks)) _marks.Enqueue(_newest = new Mark { At = now });
        _newest.Index = stable;
    }

    /// <summary>What was told in an epoch, if so much is applied; null: nothing was told in it.</summary>
    public ToldSpan? In(Epoch epoch, LogIndex applied)
    {
        if (epoch != _epoch || _highest is null) return null;
        while (_marks.TryPeek(out var first) && first.Index <= applied) _marks.Dequeue();
        return new ToldSpan(_since, _marks.TryPeek(out var unapplied) ? unapplied.At : TimeSpan.MaxValue);
    }

    private sealed class Mark
    {
        public required TimeSpan At { get; init; }
        public LogIndex Index { get; set; }
    }
}

/// <summary>From when until when all that a master told of stable points is applied.</summary>
/// <param name="Since">The first message of the master's epoch came then: what its process said of the group before was not said by this mastership.</param>
/// <param name="UnappliedSince">Then came the first stable point that is not applied; <see cref="TimeSpan.MaxValue"/>: all is.</param>
internal readonly record struct ToldSpan(TimeSpan Since, TimeSpan UnappliedSince);
