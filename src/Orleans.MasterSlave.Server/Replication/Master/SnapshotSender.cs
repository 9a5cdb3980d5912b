using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Replication.Master;

/// <summary>Sends the master's snapshot in bounded pieces, and resumes where the slave says (C4); its twin is <see cref="Slave.SnapshotReceiver"/>.</summary>
internal sealed class SnapshotSender(ReplicaEnvironment env, IMasterOfSlaves master, NodeId slave)
{
    private const int MaxFailures = 3;

    public bool IsActive { get; private set; }

    /// <summary>The position of the snapshot while it travels.</summary>
    public LogIndex? Travelling { get; private set; }

    /// <summary>The index that the slave's log now starts after; null: it did not come to pass.</summary>
    public Task<LogIndex?> SendAsync() =>
        // Without a snapshot the slave is reset to the state before the first operation.
        SendAsync(env.Log.Snapshot ?? new LogSnapshot { Position = LogPosition.None, DataLossCount = 0, TimeUtc = DateTime.MinValue, State = [] }, stateOnly: false);

    /// <inheritdoc cref="SendAsync()"/>
    /// <param name="snapshot">What is sent.</param>
    /// <param name="stateOnly">The slave's log stays as it is.</param>
    public async Task<LogIndex?> SendAsync(LogSnapshot snapshot, bool stateOnly)
    {
        IsActive = true;
        try
        {
            Travelling = snapshot.Position.Index;
            var offset = 0;
            for (var failures = 0; failures < MaxFailures;)
            {
                var reply = await SendPieceAsync(snapshot, offset, stateOnly);
                switch (reply?.Outcome)
                {
                    case AppendOutcome.Appended when reply.NextOffset >= snapshot.State.Length:
                        return snapshot.Position.Index;
                    case AppendOutcome.Appended:
                        if (reply.NextOffset <= offset) failures++;
                        offset = reply.NextOffset;
                        break;
                    case AppendOutcome.StaleEpoch:
                        master.RefusedBy(slave, reply.PromisedEpoch);
                        return null;
                    default:
                        failures++;
                        break;
                }
            }

            return null;
        }
        finally
        {
            IsActive = false;
            Travelling = null;
        }
    }

    private async Task<InstallReply?> SendPieceAsync(LogSnapshot snapshot, int offset, bool stateOnly)
    {
        var length = Math.Min(env.Limits.SnapshotChunkBytes, snapshot.State.Length - offset);
        var request = new InstallRequest
        {
            Header = master.HeaderFor(slave),
            Position = snapshot.Position,
            DataLossCount = snapshot.DataLossCount,
            TimeUtc = snapshot.TimeUtc,
            TotalBytes = snapshot.State.Length,
            Offset = offset,
            Chunk = snapshot.State.AsSpan(offset, length).ToArray(),
            StateOnly = stateOnly,
        };
        try
        {
            var reply = await env.Links.InstallAsync(slave, request).WaitAsync(env.Limits.LinkTimeout * 5, env.Time);
            return reply.By == slave ? reply : null; // another's word says nothing of this slave's disk
        }
        catch (Exception)
        {
            return null; // lost or late: the next attempt asks where to go on
        }
    }
}
