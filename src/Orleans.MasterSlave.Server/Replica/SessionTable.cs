using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Replicas;

/// <summary>What the table knows of a request.</summary>
internal enum RequestStanding
{
    /// <summary>It was not executed.</summary>
    New,

    /// <summary>It was executed, and its answer is here.</summary>
    Answered,

    /// <summary>It may have been executed: whoever sent it was perhaps forgotten, or has had the answer.</summary>
    Expired,

    /// <summary>It was not executed, and there is no room to remember it.</summary>
    TableFull,

    /// <summary>Another operation has this id.</summary>
    IdReused,
}

/// <summary>
/// The answers that clients may still ask for again (W1). Changed by applied entries only, and decided by what stands in them, so that it is the same
/// on every replica: no clock, no option of the silo has a part in it. It is a part of every snapshot.
/// </summary>
/// <remarks>
/// A client that was idle for longer than the retention is forgotten, and the <see cref="Floor"/> rises to its last use. A request says what its client
/// had seen of the group when it first sent it (K); its entry, if there is one, lies above. So if K is not below the floor, whoever executed the request was
/// last active above the floor, and is remembered: a request of an unknown client is new. If K is below, nobody knows, and the request is refused.
/// A client that comes back after it was forgotten keeps the floor of that moment, for its requests from before.
/// </remarks>
internal sealed class SessionTable
{
    private readonly Dictionary<Guid, LinkedListNode<Session>> _byClient = [];
    private readonly LinkedList<Session> _byLastUse = new(); // the longest idle first

    public int Count => _byClient.Count;

    /// <summary>The last use of the youngest session that was ever forgotten.</summary>
    public SessionToken Floor { get; private set; }

    /// <summary>Session time of the last entry taken in.</summary>
    public TimeSpan Time { get; private set; }

    /// <summary>The limits of the mastership whose entries are applied.</summary>
    public SessionLimits Limits { get; private set; } = SessionLimits.BeforeAnyMastership;

    /// <summary>A mastership begins: its limits hold from here on.</summary>
    public void Begin(SessionLimits limits) => Limits = limits;

    /// <summary>What is known of a request, if its entry were applied at a session time.</summary>
    public (RequestStanding Standing, byte[]? Answer) Lookup(RequestId id, SessionToken known, ulong checksum, TimeSpan at)
    {
        if (!_byClient.TryGetValue(id.Client, out var node))
        {
            if (known.IsBefore(Floor)) return (RequestStanding.Expired, null);
            return (_byClient.Count < Limits.MaxSessions || MayMakeRoom(at) ? RequestStanding.New : RequestStanding.TableFull, null);
        }

        var session = node.Value;
        if (session.Answers.TryGetValue(id.Sequence, out var recorded))
            return recorded.Checksum == checksum ? (RequestStanding.Answered, recorded.Bytes) : (RequestStanding.IdReused, null);
        if (id.Sequence <= session.AnsweredThrough || known.IsBefore(session.Floor)) return (RequestStanding.Expired, null);
        return (session.Answers.Count >= Limits.MaxAnswersPerSession ? RequestStanding.TableFull : RequestStanding.New, null);
    }

    /// <summary>Is the request known, or perhaps forgotten? Asked again right before it would be executed.</summary>
    public bool MayHaveBeenExecuted(LogEntry entry) =>
        Lookup(entry.Request, entry.Known, entry.PayloadChecksum, entry.SessionTime).Standing is not (RequestStanding.New or RequestStanding.TableFull);

    /// <summary>The recorded answer of a known request; null when its record is gone because the client had it.</summary>
    public byte[]? AnswerOf(RequestId id) =>
        _byClient.TryGetValue(id.Client, out var node) && node.Value.Answers.TryGetValue(id.Sequence, out var recorded) ? recorded.Bytes : null;

    public void Record(LogEntry entry, byte[] answer)
    {
        var session = Touch(entry);
        session.Answers[entry.Request.Sequence] = new Answer(entry.PayloadChecksum, answer);
        session.AnsweredThrough = Math.Max(session.AnsweredThrough, Math.Min(entry.AnsweredThrough, entry.Request.Sequence - 1));
        session.DropAnswered();
        Time = entry.SessionTime;
        while (_byLastUse.First is { } oldest && IsOutdated(oldest.Value, Time)) Forget(oldest);
    }

    public bool Knows(Guid client) => _byClient.ContainsKey(client);

    /// <summary>Will recording this entry make the table forget a client, if so many new ones are recorded before it?</summary>
    public bool Forgets(LogEntry entry, int newClients) =>
        (_byLastUse.First is { } oldest && IsOutdated(oldest.Value, entry.SessionTime))
        || (_byClient.Count + newClients >= Limits.MaxSessions && !Knows(entry.Request.Client));

    /// <summary>Is a client that was last active at one session time forgotten at the other?</summary>
    public bool OutlivesRetention(TimeSpan since, TimeSpan at) => at - since > Limits.Retention;

    public void Clear()
    {
        _byClient.Clear();
        _byLastUse.Clear();
        (Floor, Time, Limits) = (SessionToken.None, TimeSpan.Zero, SessionLimits.BeforeAnyMastership);
    }

    public void Save(BinaryWriter to)
    {
        Limits.Save(to);
        to.Write(Time.Ticks);
        Save(Floor, to);
        to.Write(_byLastUse.Count);
        foreach (var session in _byLastUse)
        {
            to.Write(session.Client.ToByteArray());
            to.Write(session.AnsweredThrough);
            Save(session.Floor, to);
            Save(session.LastUse, to);
            to.Write(session.LastUseTime.Ticks);
            to.Write(session.Answers.Count);
            foreach (var (sequence, answer) in session.Answers)
            {
                to.Write(sequence);
                to.Write(answer.Checksum);
                to.Write(answer.Bytes.Length);
                to.Write(answer.Bytes);
            }
        }
    }

    public void Load(BinaryReader from)
    {
        Clear();
        Limits = SessionLimits.Load(from);
        Time = new TimeSpan(from.ReadInt64());
        Floor = LoadToken(from);
        for (var sessions = from.ReadInt32(); sessions > 0; sessions--)
        {
            var client = new Guid(from.ReadBytes(16));
            var answeredThrough = from.ReadInt64();
            var session = new Session(client, LoadToken(from)) { AnsweredThrough = answeredThrough, LastUse = LoadToken(from), LastUseTime = new TimeSpan(from.ReadInt64()) };
            for (var answers = from.ReadInt32(); answers > 0; answers--)
            {
                var sequence = from.ReadInt64();
                var checksum = from.ReadUInt64();
                session.Answers[sequence] = new Answer(checksum, from.ReadBytes(from.ReadInt32()));
            }

            _byClient[client] = _byLastUse.AddLast(session);
        }
    }

    private Session Touch(LogEntry entry)
    {
        if (_byClient.TryGetValue(entry.Request.Client, out var node)) _byLastUse.Remove(node);
        else
        {
            if (_byClient.Count >= Limits.MaxSessions) Forget(_byLastUse.First!);
            node = _byClient[entry.Request.Client] = new LinkedListNode<Session>(new Session(entry.Request.Client, Floor));
        }

        node.Value.LastUse = new SessionToken(entry.DataLossCount, entry.Epoch, entry.Index);
        node.Value.LastUseTime = entry.SessionTime;
        _byLastUse.AddLast(node);
        return node.Value;
    }

    private void Forget(LinkedListNode<Session> oldest)
    {
        Floor = SessionToken.Latest(Floor, oldest.Value.LastUse);
        _byClient.Remove(oldest.Value.Client);
        _byLastUse.Remove(oldest);
    }

    private bool IsOutdated(Session session, TimeSpan at) => OutlivesRetention(session.LastUseTime, at);

    /// <summary>A full table forgets its longest idle client early, if no call of that client can be under way any more.</summary>
    private bool MayMakeRoom(TimeSpan at) => _byLastUse.First is { } oldest && at - oldest.Value.LastUseTime > Limits.LeastRetention;

    private static void Save(SessionToken token, BinaryWriter to)
    {
        to.Write(token.DataLossCount);
        to.Write(token.Epoch.Value);
        to.Write(token.Index.Value);
    }

    private static SessionToken LoadToken(BinaryReader from) => new(from.ReadInt64(), new Epoch(from.ReadInt64()), new LogIndex(from.ReadInt64()));

    private readonly record struct Answer(ulong Checksum, byte[] Bytes);

    private sealed class Session(Guid client, SessionToken floor)
    {
        public Guid Client { get; } = client;

        /// <summary>The table's floor when this session began: requests that knew less may be from before it was forgotten.</summary>
        public SessionToken Floor { get; } = floor;
        public long AnsweredThrough { get; set; }
        public SessionToken LastUse { get; set; }
        public TimeSpan LastUseTime { get; set; }
        public SortedDictionary<long, Answer> Answers { get; } = [];

        public void DropAnswered()
        {
            while (Answers.Count > 0)
            {
                using var first = Answers.GetEnumerator();
                first.MoveNext();
                if (first.Current.Key > AnsweredThrough) return;
                Answers.Remove(first.Current.Key);
            }
        }
    }
}
