using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>One call on its way: serialized once, sent as often as it takes.</summary>
internal sealed class RoutedCall(ClientGroup group, CallKind kind, long started, ClientTimes times, CancellationToken cancellation)
{
    public ClientGroup Group { get; } = group;
    public CallKind Kind { get; } = kind;
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>Those of the options, but for the limit of the whole call, where its method has one of its own.</summary>
    public ClientTimes Times { get; } = times;

    /// <summary>Timestamp of the call's start.</summary>
    public long Started { get; } = started;

    /// <summary>The changing call; null for reads.</summary>
    public Operation? Operation { get; init; }

    /// <summary>The read; null for operations.</summary>
    public ReadRequest? Read { get; init; }

    /// <summary>At how many other silos it came to nothing before the attempt that is being made.</summary>
    public int Broken { get; set; }

    /// <summary>The replica that a diagnostic read is for.</summary>
    public SiloAddress? OnlySilo { get; init; }

    /// <summary>The reader that comes first.</summary>
    public int Turn { get; init; }
}

/// <summary>One sending of a call to one replica.</summary>
internal sealed class Attempt(Task<CallReply> reply, SiloAddress silo, string? key, TimeSpan patienceEnd)
{
    public Task<CallReply> Reply { get; } = reply;
    public SiloAddress Silo { get; } = silo;

    /// <summary>The relay it went by; null: the direct way.</summary>
    public string? Key { get; } = key;

    /// <summary>When nothing has come by then, this way is silent; a read is asked about first.</summary>
    public TimeSpan PatienceEnd { get; set; } = patienceEnd;
    public bool WasSilent { get; set; }

    /// <summary>Of a read: the question whether the replica executes it; null: it is not being asked.</summary>
    public Task<bool>? Question { get; set; }

    /// <summary>How often the replica said that it executes it.</summary>
    public int Vouched { get; set; }
}
