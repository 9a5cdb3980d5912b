namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The copy of what is needed of some neighbouring files of the snapshot log. What follows a head is copied as it is, checksum and all: a damaged snapshot stays
/// one. Written beside them; nothing refers to it until the rewriter switches.
/// </summary>
internal sealed class SnapshotCopy(SnapshotFiles snapshots, ILogFile file, SnapshotFile to, RewritePace pace) : IDisposable
{
    private const int PieceBytes = 1024 * 1024;

    private readonly Dictionary<long, SnapshotPlace> _places = [];
    private byte[] _piece = [];
    private long _position;

    /// <summary>Copies what is needed of one file, which is held open; returns what cannot be read, or null.</summary>
    /// <exception cref="LogFullException">There is no room.</exception>
    public async Task<string?> AddAsync(SnapshotFile from)
    {
        foreach (var (number, place) in snapshots.NeededOf(from))
        {
            if (place is not { } at) return $"snapshot {number} cannot be found";
            if (!await AddAsync(from, number, at)) return $"what lies at offset {at.Offset} cannot be read";
        }

        return null;
    }

    /// <summary>Makes the copy durable.</summary>
    public void Finish()
    {
        file.Sync();
        (to.Places, to.End) = (_places, _position);
    }

    public void Dispose() => file.Dispose();

    private async Task<bool> AddAsync(SnapshotFile from, long number, SnapshotPlace place)
    {
        file.Reserve(_position + place.Bytes);
        for (var done = 0L; done < place.Bytes;)
        {
            var bytes = (int)Math.Min(PieceBytes, place.Bytes - done);
            if (_piece.Length < bytes) _piece = new byte[bytes];
            if (!Copy(from, number, place, done, bytes)) return false;
            done += bytes;
            await pace.WaitAsync(bytes);
        }

        _places.Add(number, new SnapshotPlace(_position, place.Bytes));
        _position += place.Bytes;
        return true;
    }

    private bool Copy(SnapshotFile from, long number, SnapshotPlace place, long done, int bytes)
    {
        var piece = _piece.AsSpan(0, bytes);
        if (!TryRead(from, piece, place.Offset + done)) return false;
        if (done == 0)
        {
            if (SnapshotHead.TryRead(piece, snapshots.Node, from.First, place.Offset, from.Path) is not { } head || head.Number != number || head.RecordBytes != place.Bytes) return false;
            head.Write(piece, to.First, _position); // valid at its new place only
        }

        file.Write(piece, _position + done);
        return true;
    }

    // An error of reading touches what is read; only one of writing is the log's.
    private static bool TryRead(SnapshotFile from, Span<byte> to, long offset)
    {
        try
        {
            return from.Handle!.Read(to, offset) == to.Length;
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            return false;
        }
    }
}
