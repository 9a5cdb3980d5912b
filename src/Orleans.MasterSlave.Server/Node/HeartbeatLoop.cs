using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;
using Orleans.MasterSlave.Liveness;

namespace Orleans.MasterSlave.Node;

/// <summary>Sends the node's heartbeats and turns its clock: one loop for a silo, whatever the number of groups.</summary>
/// <remarks>
/// A step that fails is reported and done again at the next turn: without this loop no lease lasts and no slave takes over.
/// </remarks>
internal sealed partial class HeartbeatLoop(
    NodeLiveness liveness, NodeDirectory nodes, LogWatch log, IGrainFactory factory, TimeProvider time, NodeFaults faults, ILogger logger)
{
    private const int TicksPerHeartbeat = 4;

    /// <summary>Told, for each heartbeat that is answered, how long that took.</summary>
    public Action<TimeSpan>? RoundTripTook { get; init; }

    /// <summary>Done once for each heartbeat interval.</summary>
    public Action? CompareClocks { get; init; }

    public async Task RunAsync(CancellationToken stopped)
    {
        using var timer = new PeriodicTimer(liveness.Times.HeartbeatInterval / TicksPerHeartbeat, time);
        try
        {
            for (var tick = 0L; await timer.WaitForNextTickAsync(stopped); tick++)
            {
                faults.Guard("looking after the log", log.Look);
                if (tick % TicksPerHeartbeat == 0)
                {
                    faults.Guard("sending heartbeats", SendDue);
                    if (CompareClocks is { } compare) faults.Guard("comparing clocks", compare);
                }

                faults.Guard("telling replicas of the time", Turn);
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    private void Turn()
    {
        if (liveness.Tick()) SendDue(); // it slept: whoever lives is to say so at once
    }

    public void SendDue()
    {
        foreach (var (peer, heartbeat) in liveness.HeartbeatsDue())
            if (nodes.Locate(peer) is { } silo) Discarded.Observe(SendAsync(peer, silo, heartbeat), e => faults.Report("taking in the reply to a heartbeat", e));
    }

    private async Task SendAsync(NodeId peer, SiloAddress silo, Heartbeat heartbeat)
    {
        HeartbeatReply? reply;
        TimeSpan took;
        try
        {
            var sent = time.GetTimestamp();
            reply = await factory.GetGrain<INodeGrain>(silo.ToParsableString()).HeartbeatAsync(heartbeat);
            took = time.GetElapsedTime(sent);
        }
        catch (Exception e)
        {
            liveness.HeartbeatFailed(peer, $"{e.GetType().Name}: {e.Message}");
            LogUnheard(e, peer, silo); // the lease runs out by itself
            return;
        }

        RoundTripTook?.Invoke(took);
        if (reply is not null) liveness.OnHeartbeatReply(peer, reply);
    }

    [LoggerMessage(LogLevel.Debug, "Node {Node} on {Silo} did not answer a heartbeat.")]
    private partial void LogUnheard(Exception error, NodeId node, SiloAddress silo);
}
