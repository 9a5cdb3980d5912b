using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// What this client knows of one group: its view, request ids, the session token, and by which way it is reached. One object, so that a
/// call
/// looks one thing up.
/// </summary>
internal sealed class ClientGroup(GroupId id, int maxOperations, bool mayHaveBeenForgotten)
{
    private readonly Lock _gate = new();
    private RequestIds _ids = new(maxOperations);
    private GroupRoutes? _routes;
    private SessionToken _token;
    private int _turn;
    private int _users;
    private bool _forgotten;
    private Task<GroupView>? _resolving;
    private (long RefusedVersion, string? Key, long Asked) _resolvingFor;

    public GroupId Id { get; } = id;

    /// <summary>Set at each use, cleared by the table's sweep.</summary>
    public bool WasUsed { get; set; }

    /// <summary>The direct ways to its replicas; written by <see cref="DirectWays"/> only.</summary>
    public GroupPath Path { get; } = new();

    public GroupRoutes? Routes => Volatile.Read(ref _routes);

    /// <summary>The group as this client knows it; none: it has no view yet.</summary>
    public GroupBirth Birth => Routes?.View.Birth ?? GroupBirth.None;

    /// <summary>The version of the record that its view is of; 0: it has none.</summary>
    public long SeenVersion => Routes?.View.Version ?? 0;

    /// <summary>Keeps the entry from being forgotten, until <see cref="Leave"/>. False: it was forgotten already, take a new one.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_forgotten) return false;
            _users++;
        }

        WasUsed = true;
        return true;
    }

    public void Leave()
    {
        lock (_gate) _users--;
    }

    public bool TryForget()
    {
        lock (_gate)
        {
            if (_users > 0 || _ids.AnyInFlight) return false;
            return _forgotten = true;
        }
    }

    /// <summary>
    /// Takes a request id, with what goes with it for all attempts: what was answered, and what this client has seen (W1).
    /// </summary>
    public bool TryTakeId(out RequestId id, out long answeredThrough, out SessionToken known)
    {
        lock (_gate)
        {
            answeredThrough = _ids.AnsweredThrough;
            known = _token;
            return _ids.TryTake(out id);
        }
    }

    public void CompleteId(RequestId id)
    {
        lock (_gate)
        {
            if (id.Client == _ids.Client) _ids.Complete(id);
        }
    }

    /// <summary>The group has forgotten this client id: it is used no more.</summary>
    public void RenewClient(RequestId forgotten)
    {
        lock (_gate)
        {
            if (forgotten.Client == _ids.Client) _ids = new RequestIds(maxOperations);
        }
    }

    public int NextTurn() => Interlocked.Increment(ref _turn);

    /// <summary>
    /// The last thing seen. <paramref name="unknown"/>: this client may have seen the group before and forgotten what, so only the
    /// master's answer is safe.
    /// </summary>
    public SessionToken Token(out bool unknown)
    {
        lock (_gate)
        {
            unknown = mayHaveBeenForgotten && _token == SessionToken.None;
            return _token;
        }
    }

    public void Saw(SessionToken token)
    {
        lock (_gate) _token = SessionToken.Latest(_token, token);
    }

    /// <summary>After a loss was reported to the caller: begin anew.</summary>
    public void DropToken()
    {
        lock (_gate) _token = SessionToken.None;
    }

    /// <summary>
    /// The directory's word, which alone may say that the group was made anew: then nothing that was known of the old one counts.
    /// </summary>
    public void LearnFromDirectory(GroupView? view, IGrainFactory factory)
    {
        lock (_gate)
        {
            if (view is not null && _routes is { } routes && routes.View.Birth.IsOther(view.Birth))
            {
                _token = SessionToken.None;
                _ids = new RequestIds(maxOperations);
                Volatile.Write(ref _routes, null);
            }
        }

        Learn(view, factory);
    }

    public void Learn(GroupView? view, IGrainFactory factory)
    {
        if (view is null) return;
        lock (_gate)
        {
            var known = _routes?.View;
            var merged = known?.WithNewsOf(view) ?? view;
            if (!ReferenceEquals(merged, known)) Volatile.Write(ref _routes, new GroupRoutes(merged, factory));
        }
    }

    /// <summary>
    /// Joins a question to the directory that is under way and asks for at least as much by the same way; else asks. One that has had
    /// no answer for too long is not joined: its gateway may be
    /// dead, and then nobody ever answers.
    /// </summary>
    public Task<GroupView> JoinResolve(long refusedVersion, string? key, long now, long joinable, Func<Task<GroupView>> ask)
    {
        lock (_gate)
        {
            var (refused, by, asked) = _resolvingFor;
            if (_resolving is { IsCompleted: false } && refused >= refusedVersion && by == key && now - asked < joinable) return _resolving;
            _resolvingFor = (refusedVersion, key, now);
            _resolving = ask();
            _resolving.Ignore(); // whoever asked may have left it
            return _resolving;
        }
    }
}
