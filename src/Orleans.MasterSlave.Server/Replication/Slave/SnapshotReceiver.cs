using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Replication.Slave;

/// <summary>Stages the pieces of the master's snapshot until all have come (C4); its twin is <see cref="Master.SnapshotSender"/>.</summary>
internal sealed class SnapshotReceiver
{
    private (Epoch Epoch, LogPosition Position, int Total) _staging;
    private byte[] _bytes = [];

    /// <summary>The offset that is wanted next.</summary>
    public int NextOffset { get; private set; }

    /// <summary>Takes a piece; the whole snapshot when it was the last one. A piece of another snapshot begins anew; one out of order is left.</summary>
    public LogSnapshot? Take(InstallRequest piece)
    {
        var what = (piece.Header.Epoch, piece.Position, piece.TotalBytes);
        if (what != _staging)
        {
            _staging = what;
            _bytes = new byte[piece.TotalBytes];
            NextOffset = 0;
        }

        if (piece.Offset != NextOffset) return null;
        piece.Chunk.CopyTo(_bytes, piece.Offset);
        NextOffset += piece.Chunk.Length;
        if (NextOffset < piece.TotalBytes) return null;
        var whole = new LogSnapshot { Position = piece.Position, DataLossCount = piece.DataLossCount, TimeUtc = piece.TimeUtc, State = _bytes };
        _staging = default;
        _bytes = [];
        NextOffset = 0;
        return whole;
    }
}
