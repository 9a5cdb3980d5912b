namespace Orleans.MasterSlave.Journal;

/// <summary>
/// One file of the snapshot log: snapshots whose numbers are at least that of the file and lower than that of the next file. Its fields are under the gate of
/// <see cref="SnapshotFiles"/>.
/// </summary>
internal sealed class SnapshotFile(long first, string path) : LogFile(path)
{
    /// <summary>The file's number: that of its first snapshot when it was begun.</summary>
    public long First { get; } = first;

    /// <summary>The numbers of the snapshots that groups have now.</summary>
    public HashSet<long> Needed { get; init; } = [];

    /// <summary>Kept though nobody needs it: the log is damaged, and what is in it may be all that is left of a group.</summary>
    public bool IsEvidence { get; set; }

    /// <summary>Where each snapshot lies that is whole, needed or not; null: nobody has looked.</summary>
    public Dictionary<long, SnapshotPlace>? Places { get; set; }

    /// <summary>The sum of the lengths of the needed ones.</summary>
    /// <remarks>Of a file that nobody has looked into, all is needed.</remarks>
    public long NeededBytes => Places is { } places ? Needed.Sum(number => places.GetValueOrDefault(number).Bytes) : End;
}

/// <summary>Where in its file a snapshot lies, padding included. Never the default value.</summary>
internal readonly record struct SnapshotPlace(long Offset, long Bytes);
