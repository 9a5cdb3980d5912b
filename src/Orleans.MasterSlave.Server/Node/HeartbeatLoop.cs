using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Liveness;

namespace Orleans.MasterSlave.Node;

/// <summary>Sends the node's heartbeats and turns its clock: one loop for a silo, whatever the number of groups.</summary>
internal sealed partial class HeartbeatLoop(NodeLiveness liveness, NodeDirectory nodes, LogWatch log, IGrainFactory factory, TimeProvider time, ILogger logger)
{
    private const int TicksPerHeartbeat = 4;

    public async Task RunAsync(CancellationToken stopped)
    {
        using var timer = new PeriodicTimer(liveness.Times.HeartbeatInterval / TicksPerHeartbeat, time);
        try
        {
            for (var tick = 0L; await timer.WaitForNextTickAsync(stopped); tick++)
            {
                log.Look();
                if (tick % TicksPerHeartbeat == 0) SendDue();
                if (liveness.Tick()) SendDue(); // it slept: whoever lives is to say so at once
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    public void SendDue()
    {
        foreach (var (peer, heartbeat) in liveness.HeartbeatsDue())
            if (nodes.Locate(peer) is { } silo) _ = SendAsync(peer, silo, heartbeat);
    }

    private async Task SendAsync(NodeId peer, SiloAddress silo, Heartbeat heartbeat)
    {
        try
        {
            if (await factory.GetGrain<INodeGrain>(silo.ToParsableString()).HeartbeatAsync(heartbeat) is { } reply) liveness.OnHeartbeatReply(peer, reply);
        }
        catch (Exception e)
        {
            LogUnheard(e, peer, silo); // the lease runs out by itself
        }
    }

    [LoggerMessage(LogLevel.Debug, "Node {Node} on {Silo} did not answer a heartbeat.")]
    private partial void LogUnheard(Exception error, NodeId node, SiloAddress silo);
}
