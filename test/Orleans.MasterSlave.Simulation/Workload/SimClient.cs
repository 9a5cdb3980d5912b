using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Routing;
using Orleans.MasterSlave.Simulated.Checks;
using Orleans.MasterSlave.Simulated.Network;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Workload;

/// <summary>
/// A client of one group: operations with ids that it repeats until they are answered, by whatever replica takes them; reads with tokens and
/// linearizable ones. Lives in the world's lane; its calls cross the network.
/// </summary>
internal class SimClient(SimCluster cluster, SimGroup group, Guid firstId, SimRandom random)
{
    protected SimCluster Cluster { get; } = cluster;
    protected SimRandom Random { get; } = random;

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
    public SimGroup Group { get; } = group;
    public long Answered { get; private set; }

    public async Task WorkAsync()
    {
        while (!IsStopping)
        {
            await Cluster.World.Delay(Random.Milliseconds(0, Cluster.Options.ThinkMilliseconds));
            if (IsStopping) return;
            Busy++;
            var began = Cluster.World.Now;
            if (Random.Chance(0.6)) await ChangeAsync();
            else await ReadAsync(masterOnly: Random.Chance(0.5));
            Ended(began);
            Busy--;
        }
    }

    /// <summary>A call that began then is answered.</summary>
    protected virtual void Ended(TimeSpan began)
    {
    }

    /// <summary>One operation, until it is answered.</summary>
    public async Task ChangeAsync()
    {
        var began = Group.Checker.Now;
        while (true)
        {
            if (_token.Birth.IsNone) await LearnPositionAsync();
            var sequence = ++_sequence;
            _open.Add(sequence);
            var request = new RequestId(Id, sequence);
            var known = _token;
            var reply = await UntilAnsweredAsync(
                attempt => new Operation { Id = request, AnsweredThrough = _open.Min - 1, Known = known, Payload = new byte[8], Birth = known.Birth },
                (silo, operation) => silo.ExecuteAsync(Group, operation),
                CallKind.Operation);
            _open.Remove(sequence);
            if (reply.Kind == ReplyKind.Answered)
            {
                Acknowledged(request, began, reply);
                return;
            }

            // No attempt of it is open: it is new, and is sent again as another client's.
            Cluster.World.Count("client id renewed");
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
                (silo, read) => silo.ReadAsync(Group, read),
                CallKind.ReadAny);
            _token = SessionToken.Latest(_token, reply.Token);
            if (_token.Birth.IsNone) await Cluster.World.Delay(Random.Milliseconds(1, 20));
        }
    }

    private void Acknowledged(RequestId request, Moment began, CallReply reply)
    {
        Answered++;
        var (count, digest) = SimObject.Read(reply.Payload!);
        Group.Checker.Acknowledge(request, began, count, digest, reply.Token);
        Saw(reply.Token, count);
    }

    public async Task ReadAsync(bool masterOnly)
    {
        var began = Group.Checker.Now;
        var seen = _seen;
        var token = _token;
        var reply = await UntilAnsweredAsync(
            attempt => new ReadRequest { Payload = [], Token = token, MasterOnly = masterOnly, Birth = token.Birth },
            (silo, read) => silo.ReadAsync(Group, read),
            masterOnly ? CallKind.ReadMaster : CallKind.ReadAny);
        var (count, digest) = SimObject.Read(reply.Payload!);
        if (masterOnly) Group.Checker.MasterRead(began, count, digest, reply.Token);
        else Group.Checker.TokenRead(seen, count, digest, reply.Token);
        Saw(reply.Token, count);
    }

    private void Saw(SessionToken token, int count)
    {
        _token = SessionToken.Latest(_token, token);
        _seen = _seen.With(token.DataLossCount, count);
    }

    /// <summary>Asks one replica after the other. The product's own way of doing so is <see cref="PolicyClient"/>'s.</summary>
    protected virtual async Task<CallReply> UntilAnsweredAsync<T>(Func<int, T> make, Func<SimSilo, T, Task<CallReply>> handle, CallKind kind)
        where T : class
    {
        // A linearizable read goes by a view that is wrong, too: whoever takes itself for the master answers.
        var anyReplica = kind == CallKind.ReadAny || (kind == CallKind.ReadMaster && Random.Chance(0.5));
        var open = 0; // attempts of which nobody has said that they were not executed
        for (var attempt = 0; ; attempt++)
        {
            var target = Choose(attempt, anyReplica);
            open++;
            try
            {
                var request = make(attempt);
                var reply = await Cluster.Network
                    .CallAsync(SimNetwork.Clients, Cluster.World.Scheduler.World, target, request, silo => handle(silo, request))
                    .WaitAsync(TimeSpan.FromMilliseconds(Random.Between(200, 800)), Cluster.World.Time);
                if (reply.View is { } view && view.IsNewerThan(_view)) _view = view;
                if (!anyReplica) _answering = reply.Kind == ReplyKind.Answered ? target : null;
                if (reply.Kind == ReplyKind.Answered) return reply;
                if (reply.Kind is ReplyKind.Redirected or ReplyKind.Refused or ReplyKind.NotTaken) open--;
                if (reply.Refusal == RefusalReason.RequestExpired && open == 0) return reply;
                Cluster.World.Require(
                    reply.Refusal is not (RefusalReason.RequestExpired or RefusalReason.RequestIdReused or RefusalReason.SessionTableFull),
                    () => $"{Group.Id}: {request} was refused: {reply.Message}");
                Cluster.World.Count($"reply {reply.Kind} {reply.Refusal}");
            }
            catch (Exception e) when (e is TimeoutException or IOException)
            {
                if (_answering == target) _answering = null;
                Cluster.World.Count("attempt without reply");
            }

            await Cluster.World.Delay(Random.Milliseconds(1, 20 * Math.Min(attempt + 1, 10)));
        }
    }

    private int Choose(int attempt, bool anyReplica)
    {
        if (anyReplica || attempt % 3 == 2) return SimIds.IndexOf(Random.Pick(Group.Plan.Replicas));
        if (_answering is { } answering) return answering;
        return SimIds.IndexOf(_view is null ? Random.Pick(Group.Plan.Replicas) : _view.Master);
    }
}
