namespace Orleans.MasterSlave.Replicas;

/// <summary>
/// Bounds of one group's session table. They decide what is known of a request, so they stand in the log: each mastership writes its silo's into its
/// barrier, and they hold, on every replica, for the entries that follow (W1).
/// </summary>
/// <param name="MaxSessions">Clients remembered at once; more are refused until one has been idle for <see cref="LeastRetention"/>.</param>
/// <param name="MaxAnswersPerSession">Answers that one client may have open at once.</param>
/// <param name="Retention">How long a client is remembered after its last operation, in session time.</param>
internal sealed record SessionLimits(int MaxSessions, int MaxAnswersPerSession, TimeSpan Retention)
{
    /// <summary>Before the first barrier of a log there is no operation.</summary>
    public static readonly SessionLimits BeforeAnyMastership = new(int.MaxValue, int.MaxValue, TimeSpan.MaxValue);

    /// <summary>A client idle for so long has no call under way any more, whatever its call timeout: when the table is full, it may be forgotten.</summary>
    public TimeSpan LeastRetention { get; init; } = TimeSpan.FromMinutes(2);

    public void Save(BinaryWriter to)
    {
        to.Write(MaxSessions);
        to.Write(MaxAnswersPerSession);
        to.Write(Retention.Ticks);
        to.Write(LeastRetention.Ticks);
    }

    public static SessionLimits Load(BinaryReader from) =>
        new(from.ReadInt32(), from.ReadInt32(), new TimeSpan(from.ReadInt64())) { LeastRetention = new TimeSpan(from.ReadInt64()) };
}
