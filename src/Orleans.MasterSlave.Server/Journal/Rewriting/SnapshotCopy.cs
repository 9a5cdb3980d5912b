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

    /// <summary>Copies what is needed of one file; returns what cannot be read, or null.</summary>
    /// <exception cref="LogFullException">There is no room.</exception>
    public async Task<string?> AddAsync(SnapshotFile from)
    {
        foreach (var (number, place) in snapshots.NeededOf(from))
        {
            if (place is not { } at) return $"snapshot {number} cannot be found";
            if (await AddAsync(from, number, at) is { } wrong) return wrong;
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

    private async Task<string?> AddAsync(SnapshotFile from, long number, SnapshotPlace place)
    {
        file.Reserve(_position + place.Bytes);
        for (var done = 0L; done < place.Bytes;)
        {
            var bytes = (int)Math.Min(PieceBytes, place.Bytes - done);
            if (_piece.Length < bytes) _piece = new byte[bytes];
            if (Copy(from, number, place, done, bytes) is { } wrong) return wrong;
            done += bytes;
            await pace.WaitAsync(bytes);
        }

        _places.Add(number, new SnapshotPlace(_position, place.Bytes));
        _position += place.Bytes;
        return null;
    }

    private string? Copy(SnapshotFile from, long number, SnapshotPlace place, long done, int bytes)
    {
        var piece = _piece.AsSpan(0, bytes);
        if (Read(from, piece, place.Offset + done) is { } wrong) return wrong;
        if (done == 0)
        {
            if (SnapshotHead.TryRead(piece, snapshots.Node, from.First, place.Offset, from.Path) is not { } head || head.Number != number || head.RecordBytes != place.Bytes)
                return $"what lies at offset {place.Offset} is not snapshot {number}";
            head.Write(piece, to.First, _position); // valid at its new place only
        }

        file.Write(piece, _position + done);
        return null;
    }

    // An error of reading touches what is read; only one of writing is the log's.
    private string? Read(SnapshotFile from, Span<byte> to, long offset)
    {
        try
        {
            return snapshots.Open.TryRead(from, to, offset, out var read) && read == to.Length ? null : $"what lies at offset {offset} cannot be read";
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            return ex.Message;
        }
    }
}
