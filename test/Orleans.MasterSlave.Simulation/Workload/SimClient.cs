using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Simulated.Checks;
using Orleans.MasterSlave.Simulated.Network;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Workload;

/// <summary>
/// A client of one group: operations with ids that it repeats until they are answered, by whatever replica takes them; reads with tokens and
/// linearizable ones. Lives in the world's lane; its calls cross the network.
/// </summary>
internal sealed class SimClient(SimCluster cluster, SimGroup group, Guid firstId, SimRandom random)
{
    private Guid? _renewedId; // since the group has forgotten the one before
    private int _renewals;
    private readonly SortedSet<long> _open = [];
    private GroupView? _view;
    private int? _answering; // who answered last as master: a better hint than an old view
    private SessionToken _token;
    private Moment _seen;
    private long _sequence;

    private Guid Id => _renewedId ?? firstId;

    /// <summary>How many of its workers are at a call now.</summary>
    public int Busy { get; private set; }
    public bool IsStopping { get; set; }
    public SimGroup Group => group;
    public long Answered { get; private set; }

    public async Task WorkAsync()
    {
        while (!IsStopping)
        {
            await cluster.World.Delay(random.Milliseconds(0, cluster.Options.ThinkMilliseconds));
            if (IsStopping) return;
            Busy++;
            if (random.Chance(0.6)) await ChangeAsync();
            else await ReadAsync(masterOnly: random.Chance(0.5));
            Busy--;
        }
    }

    /// <summary>One operation, until it is answered.</summary>
    public async Task ChangeAsync()
    {
        var began = group.Checker.Now;
        while (true)
        {
            if (_token.Birth.IsNone) await LearnPositionAsync();
            var sequence = ++_sequence;
            _open.Add(sequence);
            var request = new RequestId(Id, sequence);
            var known = _token;
            var reply = await UntilAnsweredAsync(
                attempt => new Operation { Id = request, AnsweredThrough = _open.Min - 1, Known = known, Payload = new byte[8], Birth = known.Birth },
                (silo, operation) => silo.ExecuteAsync(group, operation));
            _open.Remove(sequence);
            if (reply.Kind == ReplyKind.Answered)
            {
                Acknowledged(request, began, reply);
                return;
            }

            // No attempt of it is open: it is new, and is sent again as another client's.
            cluster.World.Count("client id renewed");
            _token = SessionToken.Latest(_token, reply.Token);
            if (request.Client == Id) _renewedId = SimIds.Renewed(firstId, ++_renewals);
        }
    }

    /// <summary>What the group has forgotten lies before what a client knows at its first operation.</summary>
    private async Task LearnPositionAsync()
    {
        while (_token.Birth.IsNone) // a replica that has nothing yet knows of no group
        {
            var reply = await UntilAnsweredAsync(
                attempt => new ReadRequest { Payload = [], Token = SessionToken.None, MasterOnly = false, PositionOnly = true },
                (silo, read) => silo.ReadAsync(group, read),
                anyReplica: true);
            _token = SessionToken.Latest(_token, reply.Token);
            if (_token.Birth.IsNone) await cluster.World.Delay(random.Milliseconds(1, 20));
        }
    }

    private void Acknowledged(RequestId request, Moment began, CallReply reply)
    {
        Answered++;
        var (count, digest) = SimObject.Read(reply.Payload!);
        group.Checker.Acknowledge(request, began, count, digest, reply.Token);
        Saw(reply.Token, count);
    }

    public async Task ReadAsync(bool masterOnly)
    {
        var began = group.Checker.Now;
        var seen = _seen;
        var token = _token;
        var reply = await UntilAnsweredAsync(
            attempt => new ReadRequest { Payload = [], Token = token, MasterOnly = masterOnly, Birth = token.Birth },
            (silo, read) => silo.ReadAsync(group, read),
            anyReplica: !masterOnly || random.Chance(0.5)); // also by a view that is wrong: whoever takes itself for the master answers
        var (count, digest) = SimObject.Read(reply.Payload!);
        if (masterOnly) group.Checker.MasterRead(began, count, digest, reply.Token);
        else group.Checker.TokenRead(seen, count, digest, reply.Token);
        Saw(reply.Token, count);
    }

    private void Saw(SessionToken token, int count)
    {
        _token = SessionToken.Latest(_token, token);
        _seen = _seen.With(token.DataLossCount, count);
    }

    private async Task<CallReply> UntilAnsweredAsync<T>(Func<int, T> make, Func<SimSilo, T, Task<CallReply>> handle, bool anyReplica = false)
        where T : class
    {
        var open = 0; // attempts of which nobody has said that they were not executed
        for (var attempt = 0; ; attempt++)
        {
            var target = Choose(attempt, anyReplica);
            open++;
            try
            {
                var request = make(attempt);
                var reply = await cluster.Network
                    .CallAsync(SimNetwork.Clients, cluster.World.Scheduler.World, target, request, silo => handle(silo, request))
                    .WaitAsync(TimeSpan.FromMilliseconds(random.Between(200, 800)), cluster.World.Time);
                if (reply.View is { } view && view.IsNewerThan(_view)) _view = view;
                if (!anyReplica) _answering = reply.Kind == ReplyKind.Answered ? target : null;
                if (reply.Kind == ReplyKind.Answered) return reply;
                if (reply.Kind is ReplyKind.Redirected or ReplyKind.Refused or ReplyKind.NotTaken) open--;
                if (reply.Refusal == RefusalReason.RequestExpired && open == 0) return reply;
                cluster.World.Require(
                    reply.Refusal is not (RefusalReason.RequestExpired or RefusalReason.RequestIdReused or RefusalReason.SessionTableFull),
                    () => $"{group.Id}: {request} was refused: {reply.Message}");
                cluster.World.Count($"reply {reply.Kind} {reply.Refusal}");
            }
            catch (Exception e) when (e is TimeoutException or IOException)
            {
                if (_answering == target) _answering = null;
                cluster.World.Count("attempt without reply");
            }

            await cluster.World.Delay(random.Milliseconds(1, 20 * Math.Min(attempt + 1, 10)));
        }
    }

    private int Choose(int attempt, bool anyReplica)
    {
        if (anyReplica || attempt % 3 == 2) return SimIds.IndexOf(random.Pick(group.Plan.Replicas));
        if (_answering is { } answering) return answering;
        return SimIds.IndexOf(_view is null ? random.Pick(group.Plan.Replicas) : _view.Master);
    }
}
