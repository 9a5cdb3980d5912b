using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Replicas;

/// <summary>What the table knows of a request.</summary>
internal enum RequestStanding { New, Answered, Expired, TableFull }

/// <summary>
/// The answers that clients may still ask for again (W1). Driven by entries and their times only, so that it is the same on every replica, and part
/// of every snapshot. A client idle for longer than the retention is evicted, and raises the floor: a retry that was first sent before it
/// (give or take <see cref="ClockMargin"/>, by the client's clock) is refused, never executed a second time.
/// </summary>
internal sealed class SessionTable(SessionLimits limits)
{
    /// <summary>How far a client's wall clock may be ahead of a master's.</summary>
    public static readonly TimeSpan ClockMargin = TimeSpan.FromMinutes(1);

    private readonly Dictionary<Guid, LinkedListNode<Session>> _byClient = [];
    private readonly LinkedList<Session> _byLastUse = new(); // oldest first; entry times never go back, so this is their order
    private DateTime _evictedThroughUtc = DateTime.MinValue;

    public int Count => _byClient.Count;

    public (RequestStanding Standing, byte[]? Answer) Lookup(RequestId id, DateTime firstSentUtc)
    {
        if (!_byClient.TryGetValue(id.Client, out var node))
        {
            if (firstSentUtc <= _evictedThroughUtc + ClockMargin && _evictedThroughUtc != DateTime.MinValue) return (RequestStanding.Expired, null);
            return (_byClient.Count >= limits.MaxSessions ? RequestStanding.TableFull : RequestStanding.New, null);
        }

        var session = node.Value;
        if (session.Answers.TryGetValue(id.Sequence, out var answer)) return (RequestStanding.Answered, answer);
        if (id.Sequence <= session.AnsweredThrough) return (RequestStanding.Expired, null);
        return (session.Answers.Count >= limits.MaxAnswersPerSession ? RequestStanding.TableFull : RequestStanding.New, null);
    }

    /// <summary>Was this request executed, or answered so long ago that it must have been? Asked again right before it is executed.</summary>
    public bool IsKnown(RequestId id) =>
        _byClient.TryGetValue(id.Client, out var node) && (id.Sequence <= node.Value.AnsweredThrough || node.Value.Answers.ContainsKey(id.Sequence));

    /// <summary>The recorded answer of a known request; null when its record is gone because the client had it.</summary>
    public byte[]? AnswerOf(RequestId id) => _byClient.TryGetValue(id.Client, out var node) ? node.Value.Answers.GetValueOrDefault(id.Sequence) : null;

    public void Record(LogEntry entry, byte[] answer)
    {
        var session = Touch(entry.Request.Client, entry.TimeUtc);
        session.Answers[entry.Request.Sequence] = answer;
        session.AnsweredThrough = Math.Max(session.AnsweredThrough, Math.Min(entry.AnsweredThrough, entry.Request.Sequence - 1));
        while (session.Answers.Count > 0 && session.Answers.First().Key <= session.AnsweredThrough) session.Answers.Remove(session.Answers.First().Key);
        Evict(entry.TimeUtc);
    }

    private Session Touch(Guid client, DateTime timeUtc)
    {
        if (!_byClient.TryGetValue(client, out var node)) node = _byClient[client] = new LinkedListNode<Session>(new Session(client));
        else _byLastUse.Remove(node);
        node.Value.LastUseUtc = timeUtc;
        _byLastUse.AddLast(node);
        return node.Value;
    }

    /// <summary>Will recording an entry of this time make the table forget a client?</summary>
    public bool Evicts(DateTime timeUtc) => _byLastUse.First is { } oldest && oldest.Value.LastUseUtc < timeUtc - limits.Retention;

    private void Evict(DateTime nowUtc)
    {
        while (_byLastUse.First is { } oldest && Evicts(nowUtc))
        {
            _evictedThroughUtc = oldest.Value.LastUseUtc;
            _byClient.Remove(oldest.Value.Client);
            _byLastUse.RemoveFirst();
        }
    }

    public void Save(BinaryWriter to)
    {
        to.Write(_evictedThroughUtc.Ticks);
        to.Write(_byLastUse.Count);
        foreach (var session in _byLastUse)
        {
            to.Write(session.Client.ToByteArray());
            to.Write(session.AnsweredThrough);
            to.Write(session.LastUseUtc.Ticks);
            to.Write(session.Answers.Count);
            foreach (var (sequence, answer) in session.Answers)
            {
                to.Write(sequence);
                to.Write(answer.Length);
                to.Write(answer);
            }
        }
    }

    public void Clear()
    {
        _byClient.Clear();
        _byLastUse.Clear();
        _evictedThroughUtc = DateTime.MinValue;
    }

    public void Load(BinaryReader from)
    {
        Clear();
        _evictedThroughUtc = new DateTime(from.ReadInt64(), DateTimeKind.Utc);
        for (var sessions = from.ReadInt32(); sessions > 0; sessions--)
        {
            var client = new Guid(from.ReadBytes(16));
            var answeredThrough = from.ReadInt64();
            var session = Touch(client, new DateTime(from.ReadInt64(), DateTimeKind.Utc));
            session.AnsweredThrough = answeredThrough;
            for (var answers = from.ReadInt32(); answers > 0; answers--)
            {
                var sequence = from.ReadInt64();
                session.Answers[sequence] = from.ReadBytes(from.ReadInt32());
            }
        }
    }

    private sealed class Session(Guid client)
    {
        public Guid Client { get; } = client;
        public long AnsweredThrough { get; set; }
        public DateTime LastUseUtc { get; set; }
        public SortedDictionary<long, byte[]> Answers { get; } = [];
    }
}

/// <summary>Bounds of one group's session table.</summary>
/// <param name="MaxSessions">Clients remembered at once; more are refused until some have been idle for the retention.</param>
/// <param name="MaxAnswersPerSession">Answers that one client may have open at once.</param>
/// <param name="Retention">How long a client's answers are kept after its last operation, by the entries' times.</param>
internal sealed record SessionLimits(int MaxSessions, int MaxAnswersPerSession, TimeSpan Retention);
