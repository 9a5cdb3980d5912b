namespace Orleans.Hosting;

/// <summary>How this client or silo calls replicated grains.</summary>
public sealed class MasterSlaveClientOptions
{
    /// <summary>
    /// How long one attempt may take before another replica or another gateway is tried as well; it is not given up: its answer still
    /// counts. Doubles with each attempt at the same replica. 10 ms to 30 s; default 400 ms.
    /// </summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromMilliseconds(400);

    /// <summary>How long a call may take in all, with every retry. At least <see cref="AttemptTimeout"/>, at most 10 min; default 30 s.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause before a replica that declined is asked again; grows by half each time. 1 ms to <see cref="MaxRetryBackoff"/>; default 40 ms.</summary>
    public TimeSpan RetryBackoff { get; set; } = TimeSpan.FromMilliseconds(40);

    /// <summary>The longest such pause. Up to 30 s; default 250 ms.</summary>
    public TimeSpan MaxRetryBackoff { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// How many grains to remember: where their replicas are, and what this client saw of them. Beyond it, those not called lately are
    /// forgotten: the next read of one asks the master, so that time still does not run backwards. 16 to 10,000,000; default 100,000 (some 500 bytes each).
    /// </summary>
    public int MaxTrackedGrains { get; set; } = 100_000;

    /// <summary>
    /// How many operations may be sent to one grain beyond its oldest unanswered one. A further one is refused at once with
    /// <see cref="MasterSlave.OverloadedException"/>. 1 to 1,000,000; default 16,384.
    /// </summary>
    public int MaxOperationsPerGrain { get; set; } = 16_384;

    /// <summary>
    /// Refuse a read with <see cref="MasterSlave.SessionTokenLostException"/>, once, when what this client saw of the grain was lost in a failover
    /// (asynchronous replication only). Default false: the read is answered with what there is.
    /// </summary>
    public bool StrictSessions { get; set; }
}
