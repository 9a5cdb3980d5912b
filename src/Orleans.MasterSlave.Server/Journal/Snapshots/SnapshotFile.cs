namespace Orleans.MasterSlave.Journal;

/// <summary>
/// One file of the snapshot log: snapshots whose numbers are at least that of the file and lower than that of the next file. Its fields are under the gate of
/// <see cref="SnapshotFiles"/>.
/// </summary>
internal sealed class SnapshotFile(long first, string path) : LogFile(path)
{
    private readonly HashSet<long> _needed = [];
    private long _neededBytes; // of the places that are known; counted as it changes, for there may be very many

    /// <summary>The file's number: that of its first snapshot when it was begun.</summary>
    public long First { get; } = first;

    /// <summary>The numbers of the snapshots that groups have now.</summary>
    public IReadOnlySet<long> Needed => _needed;

    /// <summary>Kept though nobody needs it: the log is damaged, and what is in it may be all that is left of a group.</summary>
    public bool IsEvidence { get; set; }

    /// <summary>Where each snapshot lies that is whole, needed or not; null: nobody has looked.</summary>
    public Dictionary<long, SnapshotPlace>? Places
    {
        get;
        set
        {
            field = value;
            _neededBytes = _needed.Sum(BytesOf);
        }
    }

    /// <summary>The sum of the lengths of the needed ones.</summary>
    /// <remarks>Of a file that nobody has looked into, all is needed.</remarks>
    public long NeededBytes => Places is null ? End : _neededBytes;

    public void Need(long number)
    {
        if (_needed.Add(number)) _neededBytes += BytesOf(number);
    }

    public bool Release(long number)
    {
        if (!_needed.Remove(number)) return false;
        _neededBytes -= BytesOf(number);
        return true;
    }

    private long BytesOf(long number) => Places?.GetValueOrDefault(number).Bytes ?? 0;
}

/// <summary>Where in its file a snapshot lies, padding included. Never the default value.</summary>
internal readonly record struct SnapshotPlace(long Offset, long Bytes);
