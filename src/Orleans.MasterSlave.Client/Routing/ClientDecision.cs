namespace Orleans.MasterSlave.Routing;

internal enum ClientStep
{
    /// <summary>Send the call to <see cref="ClientDecision.Target"/>, without waiting for the answers to earlier attempts.</summary>
    Send,

    /// <summary>Ask the group directory, skipping its caches up to <see cref="ClientDecision.RefusedVersion"/>.</summary>
    Resolve,

    /// <summary>Nothing to do before <see cref="ClientDecision.Until"/>, unless an answer comes.</summary>
    Wait,

    /// <summary>The time is up, or an answer was final.</summary>
    GiveUp,
}

/// <summary>What a call does next. Times count from the start of the call.</summary>
internal readonly record struct ClientDecision(ClientStep Step, SiloAddress? Target = null, long RefusedVersion = -1, TimeSpan Until = default);
