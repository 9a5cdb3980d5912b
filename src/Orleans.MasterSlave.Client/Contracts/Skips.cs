namespace Orleans.MasterSlave.Contracts;

/// <summary>Asks a master whether its group is stopped at an entry, or has that entry skipped for ever (W10).</summary>
[GenerateSerializer, Immutable, Alias("masterslave.skip-request")]
internal sealed class SkipRequest
{
    /// <summary>The entry to be skipped; none: only a question.</summary>
    [Id(0)] public LogPosition Entry { get; init; }

    /// <summary>Also while a replica that may have executed the entry has not been heard.</summary>
    [Id(1)] public bool EvenIfUnheard { get; init; }

    [Id(2)] public GroupBirth Birth { get; init; }
}

/// <summary>A replica's word on where its group stands.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.skip-reply")]
internal sealed class SkipReply
{
    [Id(0)] public bool IsMaster { get; init; }
    [Id(1)] public bool IsServing { get; init; }

    /// <summary>Nothing is applied from this entry on; none: the group is not stopped.</summary>
    [Id(2)] public LogPosition Stopped { get; init; }
    [Id(3)] public string? Reason { get; init; }

    /// <summary>What was asked for is done, and stable.</summary>
    [Id(4)] public bool IsSkipped { get; init; }
    [Id(5)] public GroupView? View { get; init; }
}
