using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>By which ways one call has been sent to one replica.</summary>
internal sealed class TriedWays
{
    private const int DirectAgain = 4;
    private int _relayed;
    private int _slow;

    /// <summary>How often it went by each silo's relay, since that last got it there.</summary>
    public Dictionary<SiloAddress, int> Relays { get; } = [];

    /// <summary>How many relays said that they did not get it there.</summary>
    public int Failures { get; set; }

    /// <summary>The attempt by the direct way that was silent, or broke.</summary>
    public Attempt? SilentDirect { get; set; }

    /// <summary>A relay whose silo hears the replica's says that the replica has not answered: so it has the call, and is slow.</summary>
    public void IsSlow() => _slow++;

    /// <summary>Counts the attempt that is about to be made. True: it is the turn of the direct way again, for a cut may be over.</summary>
    public bool NextIsDirect() => SilentDirect is not null && ++_relayed % DirectAgain == 0;

    /// <summary>
    /// How long an attempt by a relay may take, or one by the direct way that was silent before: twice the first attempt's time at
    /// most, for a gateway that is dead must not be waited for. Longer
    /// each time only when two words of relays vouch for it that the call is where it belongs.
    /// </summary>
    public TimeSpan Patience(ClientTimes times, int earlierAttempts)
    {
        var (plain, most) = (times.Patience(earlierAttempts), times.Attempt * 2);
        var patience = (plain < most ? plain : most) * Math.Pow(4, Math.Clamp(_slow - 1, 0, 8));
        return patience < times.Call ? patience : times.Call;
    }
}

/// <summary>One call off the straight way, and all that is under way for it. Used by one flow of control only.</summary>
internal sealed class Journey(RoutedCall call)
{
    private readonly Dictionary<SiloAddress, TriedWays> _tried = [];

    public RoutedCall Call { get; } = call;
    public CallProgress Progress { get; } = new(call.Kind, call.Times, call.Turn) { OnlySilo = call.OnlySilo };
    public List<Attempt> Attempts { get; } = [];
    public GroupRoutes? Routes { get; set; }
    public Task<GroupView?>? Resolving { get; set; }
    public bool ResolveWasSilent { get; set; }
    public Exception? LastFailure { get; set; }

    /// <summary>What the last question to the directory ended with; null: it was answered.</summary>
    public Exception? LookupFailure { get; set; }

    /// <summary>Where it fails at each attempt, such as where the grain cannot be constructed.</summary>
    public HashSet<SiloAddress> FailsAt { get; } = [];

    /// <summary>Where an attempt broke, and nothing was heard since.</summary>
    public HashSet<SiloAddress> BrokenAt { get; } = [];

    /// <summary>At how many silos but this one the call came to nothing: nobody knows what became of it, nor of them.</summary>
    public int BrokenBeside(SiloAddress silo) =>
        BrokenAt.Concat(Attempts.Where(attempt => attempt.WasSilent).Select(attempt => attempt.Silo)).Where(other => !other.Equals(silo)).Distinct().Count();

    /// <summary>A direct attempt was silent: until it is known why, others go by relays as well.</summary>
    public bool DirectWasSilent { get; set; }

    /// <summary>How often the directory was asked by each silo's relay, since that last answered.</summary>
    public Dictionary<SiloAddress, int> AskedBy { get; } = [];

    public TriedWays Tried(SiloAddress silo)
    {
        if (!_tried.TryGetValue(silo, out var tried)) _tried[silo] = tried = new TriedWays();
        return tried;
    }
}
