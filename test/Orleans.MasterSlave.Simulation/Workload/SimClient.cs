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

    private int _ids; // how many it has had: a new one when the group has forgotten the one before, and in each life
    private Life _life = new(firstId);

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
            if (Random.Chance(Cluster.Options.ClientsDie)) Die();
        }
    }

    /// <summary>Whatever it has under way is done or not, and nobody asks; another client starts in its place.</summary>
    private void Die()
    {
        Cluster.World.Count("client died");
        _life = new Life(SimIds.Renewed(firstId, ++_ids));
    }

    /// <summary>A call that began then is answered.</summary>
    protected virtual void Ended(TimeSpan began)
    {
    }

    /// <summary>One operation, until it is answered.</summary>
    public async Task ChangeAsync()
    {
        var (life, began) = (_life, Group.Checker.Now);
        while (true)
        {
            if (life.Token.Birth.IsNone) await LearnPositionAsync(life);
            if (life != _life) return;
            var sequence = ++life.Sequence;
            life.Open.Add(sequence);
            var request = new RequestId(life.Id, sequence);
            var known = life.Token;
            var reply = await UntilAnsweredAsync(
                attempt => new Operation { Id = request, AnsweredThrough = life.Open.Min - 1, Known = known, Payload = new byte[8], Birth = known.Birth },
                (silo, operation) => silo.ExecuteAsync(Group, operation),
                CallKind.Operation);
            life.Open.Remove(sequence);
            if (life != _life) return;
            if (reply.Kind == ReplyKind.Answered)
            {
                Acknowledged(request, began, reply);
                return;
            }

            life.Token = SessionToken.Latest(life.Token, reply.Token);
            if (request.Client == life.Id) life.Id = SimIds.Renewed(firstId, ++_ids);
            if (reply.Kind == ReplyKind.Unknown)
            {
                Cluster.World.Count("outcome not known");
                return;
            }

            Cluster.World.Count("client id renewed"); // no attempt of it is open: it is new, and is sent again as another client's
        }
    }

    /// <summary>What the group has forgotten lies before what a client knows at its first operation.</summary>
    private async Task LearnPositionAsync(Life life)
    {
        while (life.Token.Birth.IsNone && life == _life) // a replica that has nothing yet knows of no group
        {
            var reply = await UntilAnsweredAsync(
                attempt => new ReadRequest { Payload = [], Token = SessionToken.None, MasterOnly = false, PositionOnly = true },
                (silo, read) => silo.ReadAsync(Group, read),
                CallKind.ReadAny);
            life.Token = SessionToken.Latest(life.Token, reply.Token);
            if (life.Token.Birth.IsNone) await Cluster.World.Delay(Random.Milliseconds(1, 20));
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
        var (life, began) = (_life, Group.Checker.Now);
        var (seen, token) = (life.Seen, life.Token);
        var call = new RequestId(life.Id, ++life.Reads);
        var reply = await UntilAnsweredAsync(
            attempt => new ReadRequest { Payload = [], Token = token, MasterOnly = masterOnly, Birth = token.Birth, Call = call },
            (silo, read) => silo.ReadAsync(Group, read),
            masterOnly ? CallKind.ReadMaster : CallKind.ReadAny);
        if (life != _life) return;
        var (count, digest) = SimObject.Read(reply.Payload!);
        if (masterOnly) Group.Checker.MasterRead(began, count, digest, reply.Token);
        else Group.Checker.TokenRead(seen, count, digest, reply.Token);
        Saw(reply.Token, count);
    }

    private void Saw(SessionToken token, int count)
    {
        _life.Token = SessionToken.Latest(_life.Token, token);
        _life.Seen = _life.Seen.With(token.DataLossCount, count);
    }

    /// <summary>Asks one replica after the other. The product's own way of doing so is <see cref="PolicyClient"/>'s.</summary>
    protected virtual async Task<CallReply> UntilAnsweredAsync<T>(Func<int, T> make, Func<SimSilo, T, Task<CallReply>> handle, CallKind kind)
        where T : class
    {
        // A linearizable read goes by a view that is wrong, too: whoever takes itself for the master answers.
        var anyReplica = kind == CallKind.ReadAny || (kind == CallKind.ReadMaster && Random.Chance(0.5));
        var open = 0; // attempts of which nobody has said that they were not executed
        var life = _life;
        for (var attempt = 0; life == _life; attempt++)
        {
            var target = Choose(attempt, anyReplica);
            open++;
            try
            {
                var request = make(attempt);
                var reply = await Cluster.Network
                    .CallAsync(SimNetwork.Clients, Cluster.World.Scheduler.World, target, request, silo => handle(silo, request))
                    .WaitAsync(TimeSpan.FromMilliseconds(Random.Between(200, 800)), Cluster.World.Time);
                if (reply.View is { } view && view.IsNewerThan(life.View)) life.View = view;
                if (!anyReplica) life.Answering = reply.Kind == ReplyKind.Answered ? target : null;
                if (reply.Kind == ReplyKind.Answered) return reply;
                if (reply.Kind is ReplyKind.Redirected or ReplyKind.Refused or ReplyKind.NotTaken) open--;
                if (reply.Refusal == RefusalReason.RequestExpired) return open == 0 ? reply : NotKnown(reply.Token);
                Cluster.World.Require(
                    reply.Refusal != RefusalReason.RequestIdReused && (reply.Refusal != RefusalReason.SessionTableFull || Cluster.Options.Limits.Sessions.MaxSessions < 10),
                    () => $"{Group.Id}: {request} was refused: {reply.Message}");
                Cluster.World.Count($"reply {reply.Kind} {reply.Refusal}");
            }
            catch (Exception e) when (e is TimeoutException or IOException)
            {
                if (life.Answering == target) life.Answering = null;
                Cluster.World.Count("attempt without reply");
            }

            await Cluster.World.Delay(Random.Milliseconds(1, 20 * Math.Min(attempt + 1, 10)));
        }

        return NotKnown(SessionToken.None); // it died, and nobody is told
    }

    private static CallReply NotKnown(SessionToken token) => new() { Kind = ReplyKind.Unknown, Token = token };

    private int Choose(int attempt, bool anyReplica)
    {
        if (anyReplica || attempt % 3 == 2) return SimIds.IndexOf(Random.Pick(Group.Plan.Replicas));
        if (_life.Answering is { } answering) return answering;
        return SimIds.IndexOf(_life.View is null ? Random.Pick(Group.Plan.Replicas) : _life.View.Master);
    }

    /// <summary>What a client knows, until it dies.</summary>
    private sealed class Life(Guid id)
    {
        public Guid Id { get; set; } = id;
        public long Sequence { get; set; }
        public long Reads { get; set; }

        /// <summary>Operations under way.</summary>
        public SortedSet<long> Open { get; } = [];
        public GroupView? View { get; set; }

        /// <summary>Who answered last as master: a better hint than an old view.</summary>
        public int? Answering { get; set; }
        public SessionToken Token { get; set; }
        public Moment Seen { get; set; }
    }
}
