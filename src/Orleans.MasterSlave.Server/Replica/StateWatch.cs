using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replication;

namespace Orleans.MasterSlave.Replicas;

/// <summary>How far a replica's state is taken for the same as its master's.</summary>
internal enum StateTrust
{
    /// <summary>Nothing says otherwise.</summary>
    Equal,

    /// <summary>It differed, and the master's is wanted in its place: this replica serves no reads and takes no office.</summary>
    Rebuilding,

    /// <summary>The master's was put in its place.</summary>
    Rebuilt,

    /// <summary>
    /// It differed again after that: the state depends on something that another rebuilding would not mend. It is reported, and compared no more, so that replicas
    /// are not rebuilt for ever.
    /// </summary>
    Suspect,
}

/// <summary>
/// Takes digests of this replica's state where entries ask for them, and compares a slave's with its master's (W11). Bounded in cost by <see cref="DigestMarks"/>.
/// Runs in the replica's thread.
/// </summary>
internal sealed class StateWatch(ReplicaEnvironment env)
{
    private const int MostReported = 10;
    private readonly StateComparison _comparison = new();
    private bool _toldOfOrder;
    private readonly string _code = $"{env.Version.Application}|{env.Version.Library}|{Environment.Version}";

    public StateTrust Trust { get; private set; }

    public bool WantsState => Trust == StateTrust.Rebuilding;

    /// <summary>This replica's newest digest, for its slaves.</summary>
    public StateDigest? Newest { get; private set; }

    /// <summary>Told how long a digest took.</summary>
    public Action<TimeSpan>? Took { get; set; }

    public async Task DigestAsync(LogPosition at)
    {
        if (Trust == StateTrust.Suspect) return;
        var began = env.Now;
        StateHashes hashes;
        try
        {
            hashes = await env.Object.HashStateAsync();
        }
        catch (Exception e)
        {
            env.Events.SnapshotFailed(e); // as little as it can be saved, and as little a reason to stop
            return;
        }

        Took?.Invoke(env.Now - began);
        Newest = new StateDigest(at, hashes, _code);
        Judge(_comparison.Own(Newest));
    }

    /// <summary>A master says what its state was.</summary>
    public void MastersDigest(StateDigest? digest)
    {
        if (digest is not null && Trust != StateTrust.Suspect) Judge(_comparison.Masters(digest));
    }

    /// <summary>The master's state was put in the place of this replica's.</summary>
    public void Rebuilt(LogPosition at)
    {
        Trust = StateTrust.Rebuilt;
        _comparison.Clear();
        Newest = null;
        env.Events.StateRebuilt(at);
    }

    private void Judge(StateDifference? found)
    {
        if (found is not { } difference || Trust is StateTrust.Rebuilding or StateTrust.Suspect) return;
        if (difference.OfOrderOnly)
        {
            // Rebuilding would not mend it: the next removal makes it so again.
            if (!_toldOfOrder) env.Events.StateOrderDiffers(difference.At, LastOperations(difference));
            _toldOfOrder = true;
            return;
        }

        Trust = Trust == StateTrust.Equal ? StateTrust.Rebuilding : StateTrust.Suspect;
        env.Events.StateDiffers(difference.At, difference.Since, LastOperations(difference), rebuilds: WantsState);
    }

    private string LastOperations(StateDifference difference)
    {
        var (at, since) = (difference.At, difference.Since);
        var first = LogIndex.Max(at.Index + (1 - MostReported), LogIndex.Max(env.Log.Base.Index, since.Index).Next());
        try
        {
            var entries = env.Log.Read(first, MostReported, 1 << 20);
            return string.Join("; ", entries.Where(e => e.Index <= at.Index && e.Kind == EntryKind.Operation).Select(env.Object.Describe));
        }
        catch (Exception e)
        {
            return $"(cannot be read: {e.Message})"; // the difference is to be reported all the same
        }
    }
}
