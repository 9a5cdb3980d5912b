namespace Orleans.MasterSlave.Contracts;

/// <summary>One changing call on its way to the master: what is appended to the log (W1, W3).</summary>
[GenerateSerializer, Immutable, Alias("masterslave.operation")]
internal sealed class Operation
{
    [Id(0)] public required RequestId Id { get; init; }

    /// <summary>The client has had answers for every sequence up to this one, on this group: their records may go (W1).</summary>
    [Id(1)] public required long AnsweredThrough { get; init; }

    /// <summary>
    /// The last thing that the client had seen of the group when it first sent this request; the same in every attempt. Its entry lies
    /// above, so a
    /// master that has forgotten nobody who was active since then knows whether the request was executed (W1).
    /// </summary>
    [Id(2)] public required SessionToken Known { get; init; }

    /// <summary>The serialized invokable.</summary>
    [Id(3)] public required byte[] Payload { get; init; }

    /// <summary>
    /// The group as the client knows it. A replica of another birth, or a client that does not say, is redirected: nothing is executed
    /// (I4).
    /// </summary>
    [Id(4)] public GroupBirth Birth { get; init; }

    /// <summary>The version of the record that the client's view is of: with the answer it gets a newer one, if there is one (G9). 0: it asks for none.</summary>
    [Id(10)] public long SeenVersion { get; init; }

    /// <summary>At how many other silos earlier attempts came to nothing: what is in it may have ended their processes (W10).</summary>
    [Id(5)] public int Broken { get; init; }

    /// <summary>
    /// XxHash3 of the payload as the client sent it, when the admitting replica's filters have changed it since; null: they have not.
    /// Not sent.
    /// </summary>
    [field: NonSerialized]
    public ulong? SentChecksum { get; private init; }

    /// <summary>The same request, as filters left it.</summary>
    public Operation With(byte[] payload, ulong sentChecksum) => new()
    {
        Id = Id, AnsweredThrough = AnsweredThrough, Known = Known, Payload = payload, Birth = Birth, SeenVersion = SeenVersion, Broken = Broken, SentChecksum = sentChecksum,
    };

    /// <summary>The same request, in a later attempt.</summary>
    public Operation After(int broken) => broken == Broken ? this : new()
    {
        Id = Id, AnsweredThrough = AnsweredThrough, Known = Known, Payload = Payload, Birth = Birth, SeenVersion = SeenVersion, Broken = broken, SentChecksum = SentChecksum,
    };
}

/// <summary>One read-only call on its way to a replica (R1).</summary>
[GenerateSerializer, Immutable, Alias("masterslave.read")]
internal sealed class ReadRequest
{
    [Id(0)] public required byte[] Payload { get; init; }
    [Id(1)] public required SessionToken Token { get; init; }

    /// <summary>Only the master may answer, after its lease was checked (R3).</summary>
    [Id(2)] public required bool MasterOnly { get; init; }

    /// <summary>A diagnostic read of this very replica: answered whatever its role, without the staleness check.</summary>
    [Id(3)] public bool Diagnostic { get; init; }

    /// <summary>Refuse with <see cref="RefusalReason.TokenLost"/> a token from before a data loss, instead of dropping it (R1).</summary>
    [Id(4)] public bool StrictSession { get; init; }

    /// <summary>
    /// Nothing is executed: the reply's token says how far this replica is. A client asks so before its first operation on a group
    /// (W1), and to see whether a way works.
    /// </summary>
    [Id(5)] public bool PositionOnly { get; init; }

    /// <summary>
    /// The group as the client knows it: a replica of another birth does not answer (I4). None: the client knows of none yet.
    /// </summary>
    [Id(6)] public GroupBirth Birth { get; init; }

    /// <summary>As <see cref="Operation.SeenVersion"/>.</summary>
    [Id(10)] public long SeenVersion { get; init; }

    /// <summary>
    /// The client's call, the same in every copy of it: a copy that comes to a replica where the call is being executed joins it. With
    /// <see cref="PositionOnly"/>: is it being executed? None: an older client, or a ping.
    /// </summary>
    [Id(7)] public RequestId Call { get; init; }

    /// <summary>As <see cref="Operation.Broken"/>.</summary>
    [Id(8)] public int Broken { get; init; }

    /// <summary>The same request, in a later attempt.</summary>
    public ReadRequest After(int broken) => broken == Broken ? this : new()
    {
        Payload = Payload, Token = Token, MasterOnly = MasterOnly, Diagnostic = Diagnostic, StrictSession = StrictSession, PositionOnly = PositionOnly, Birth = Birth,
        Call = Call, SeenVersion = SeenVersion, Broken = broken,
    };

    /// <summary>Is this call being executed? Nothing is executed for the question.</summary>
    public ReadRequest Question() => new() { Payload = [], Token = SessionToken.None, MasterOnly = false, PositionOnly = true, Birth = Birth, Call = Call };

    /// <summary>Asks nothing but an answer.</summary>
    public static ReadRequest Ping(GroupBirth birth) => new() { Payload = [], Token = SessionToken.None, MasterOnly = false, PositionOnly = true, Birth = birth };
}

/// <summary>What a replica made of a call.</summary>
internal enum ReplyKind
{
    /// <summary>Executed; <see cref="CallReply.Payload"/> is the serialized response or application exception.</summary>
    Answered,

    /// <summary>
    /// Not here: try what <see cref="CallReply.View"/> says (if any, and newer), or ask the coordinator. This copy of the request was
    /// not taken; of
    /// others nothing is known.
    /// </summary>
    Redirected,

    /// <summary>
    /// Not executed: this copy was not taken, and the serving master, under its lease, knows of no other. Come back later (too busy,
    /// too few in sync):
    /// see <see cref="CallReply.Refusal"/>. Only <see cref="RefusalReason.RequestExpired"/> means something else, and says so.
    /// </summary>
    Refused,

    /// <summary>Appended, or perhaps appended, but its outcome is not known: retry with the same request id (W8).</summary>
    Unknown,

    /// <summary>
    /// This copy was not taken, for the reason in <see cref="CallReply.Refusal"/>, if any. Another copy may be in a log already: the
    /// master does not serve
    /// yet, or holds no lease, or the replica serves no more (W8).
    /// </summary>
    NotTaken,
}

/// <summary>Why a call was refused.</summary>
internal enum RefusalReason
{
    None,

    /// <summary>Too many operations or bytes in flight (W2).</summary>
    Overloaded,

    /// <summary>Fewer replicas in sync than <c>MinInSyncReplicas</c> (W8).</summary>
    TooFewInSync,

    /// <summary>
    /// The session table cannot tell whether the request was executed: it has forgotten clients that were active after what this one
    /// knew (W1). The
    /// reply's token is fresh. If every attempt was refused so, the request is new, and may be sent again under a new client id.
    /// </summary>
    RequestExpired,

    /// <summary>The session table is full (W1).</summary>
    SessionTableFull,

    /// <summary>This replica is quarantined.</summary>
    Quarantined,

    /// <summary>The client's token is from before a data loss, and it asked for strict sessions (R1). Final.</summary>
    TokenLost,

    /// <summary>The operation is not supported (bad payload, larger than the limit). Final; see the message.</summary>
    Unsupported,

    /// <summary>The log's disk is full; recovers when there is room (D5).</summary>
    DiskFull,

    /// <summary>
    /// Another operation has this request's id: two processes use one client id, as copies of one process do (W1). Final.
    /// </summary>
    RequestIdReused,

    /// <summary>The group's first state could not be imported: the group has nothing yet to serve with. Final; the next call has it tried again.</summary>
    NoFirstState,

    /// <summary>The group is stopped at an entry, before an operator has decided (W10). Final; see the message.</summary>
    StoppedAtEntry,
}

/// <summary>
/// What a silo knows of another one by its own means: heartbeats and membership, and never because a call has had no answer.
/// </summary>
internal enum Reach
{
    /// <summary>It answered a heartbeat within a lease: whatever is silent over there, the way to it is not at fault.</summary>
    Heard,

    /// <summary>Nobody can tell: no heartbeats go there, or none have gone for long enough.</summary>
    Unknown,

    /// <summary>It has answered no heartbeat for a lease: it is dead or hangs, or one of the two silos is cut off from the other.</summary>
    Unheard,

    /// <summary>Membership has declared it dead, or its node has started again: nobody will ever answer there.</summary>
    Gone,
}

/// <summary>A replica's reply to an operation or a read.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.reply")]
internal sealed class CallReply
{
    [Id(0)] public required ReplyKind Kind { get; init; }

    /// <summary>Serialized <c>Orleans.Serialization.Invocation.Response</c>; its exception, if it has one, is the application's.</summary>
    [Id(1)] public byte[]? Payload { get; init; }
    [Id(2)] public SessionToken Token { get; init; }
    [Id(3)] public RefusalReason Refusal { get; init; }
    [Id(4)] public string? Message { get; init; }

    /// <summary>What this replica knows of the group: sent with redirects, and with answers to clients whose view is of an older record (G9).</summary>
    [Id(5)] public GroupView? View { get; init; }

    /// <summary>
    /// The relay's own word: it had no answer from the replica, and this is what its silo knows of the replica's; with <see
    /// cref="ReplyKind.NotTaken"/> it did not even send the call. Null: the
    /// reply is the replica's.
    /// </summary>
    [Id(6)] public Reach? Unanswered { get; init; }

    /// <summary>The group that this replica is of; none: it does not know, or a relay speaks.</summary>
    [Id(7)] public GroupBirth Birth { get; init; }

    /// <summary>The silo whose relay carried the call, or tried to; null: it came by no relay.</summary>
    [Id(8)] public SiloAddress? Relay { get; init; }

    /// <summary>The read that was asked for is being executed by the replica.</summary>
    [Id(9)] public bool IsRunning { get; init; }

    /// <summary>The same reply, with news of the group.</summary>
    public CallReply With(GroupView view) => Copy(Payload, Relay, IsRunning, view);

    /// <summary>The same reply, as it comes by a relay.</summary>
    public CallReply By(SiloAddress relay) => Copy(Payload, relay, IsRunning);

    /// <summary>The same reply with another answer.</summary>
    public CallReply With(byte[] payload) => Copy(payload, Relay, IsRunning);

    /// <summary>The same reply, with the word that the call is being executed.</summary>
    public CallReply Running() => Copy(Payload, Relay, isRunning: true);

    private CallReply Copy(byte[]? payload, SiloAddress? relay, bool isRunning, GroupView? news = null) => new()
    {
        Kind = Kind, Payload = payload, Token = Token, Refusal = Refusal, Message = Message, View = news ?? View, Unanswered = Unanswered, Birth = Birth, Relay = relay,
        IsRunning = isRunning,
    };
}
