using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The files of the snapshot log, and what is needed of them. Each snapshot has a number that is given once, and lies in the file with the highest number
/// that is not above its own: so neither the log's records nor anything else must be changed when files are rewritten. Thread safe.
/// </summary>
internal sealed class SnapshotFiles(ILogFiles files, string logDirectory, NodeId node) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<SnapshotFile> _files = []; // the lowest number first

    public string Directory { get; } = Path.Combine(logDirectory, "snapshots");

    public NodeId Node => node;

    /// <summary>For reading them.</summary>
    public OpenFiles Open { get; } = new(files);

    /// <summary>The file in use; it is neither deleted nor rewritten. Written by the one who writes snapshots.</summary>
    public SnapshotFile? InUse { get; private set; }

    /// <summary>Called when it is time to look whether files are to be cleared away.</summary>
    public Action? MuchUnneeded { get; set; }

    public string PathOf(long first) => Path.Combine(Directory, SnapshotHead.FileName(first));

    /// <summary>Takes in the files that are there.</summary>
    public void Load()
    {
        foreach (var name in files.List(Directory))
            if (SnapshotHead.TryParseFileName(name, out var first)) _files.Add(new SnapshotFile(first, PathOf(first)));
        _files.Sort((one, two) => one.First.CompareTo(two.First));
    }

    public IReadOnlyList<SnapshotFile> All()
    {
        lock (_gate) return [.. _files];
    }

    /// <summary>The file that holds, or should hold, a snapshot; null when there is none.</summary>
    public SnapshotFile? FileOf(long number)
    {
        lock (_gate) return FindLocked(number);
    }

    /// <summary>Takes a new file in use, and out of use the one before.</summary>
    public void Use(SnapshotFile? file)
    {
        bool isMuch;
        lock (_gate)
        {
            var before = InUse;
            if (file is not null) _files.Add(file); // numbers only grow
            InUse = file;
            isMuch = before is not null && IsMuchUnneededLocked(before); // nobody looked as long as it was in use
        }

        if (isMuch) MuchUnneeded?.Invoke();
    }

    /// <summary>A snapshot is durable in the file in use, and needed until it is released.</summary>
    public void Added(long number, SnapshotPlace place)
    {
        lock (_gate)
        {
            var file = InUse!;
            file.Places!.Add(number, place);
            file.Need(number);
            file.End = place.Offset + place.Bytes;
        }
    }

    /// <summary>A group has this snapshot.</summary>
    public void Need(long number)
    {
        lock (_gate) FindLocked(number)?.Need(number);
    }

    /// <summary>Nobody has this snapshot any more.</summary>
    public void Release(long number)
    {
        bool isMuch;
        lock (_gate) isMuch = FindLocked(number) is { } file && file.Release(number) && IsMuchUnneededLocked(file);
        if (isMuch) MuchUnneeded?.Invoke();
    }

    /// <summary>Files of which nothing is needed are taken out, and returned.</summary>
    public IReadOnlyList<SnapshotFile> TakeUnneeded()
    {
        lock (_gate)
        {
            var gone = _files.Where(file => file.Needed.Count == 0 && file != InUse && !file.IsEvidence).ToArray();
            foreach (var file in gone) _files.Remove(file);
            return gone;
        }
    }

    /// <summary>The files that are not in use, and how much of each is needed.</summary>
    public IReadOnlyList<FileUse<SnapshotFile>> Uses()
    {
        lock (_gate) return [.. _files.Where(file => file != InUse).Select(file => new FileUse<SnapshotFile>(file, file.NeededBytes))];
    }

    /// <summary>What is needed of a file now, and where it lies.</summary>
    /// <remarks>No place for what is damaged.</remarks>
    public IReadOnlyList<(long Number, SnapshotPlace? Place)> NeededOf(SnapshotFile file)
    {
        lock (_gate) return [.. file.Needed.Order().Select(number => (number, file.Places!.TryGetValue(number, out var place) ? place : (SnapshotPlace?)null))];
    }

    /// <summary>Puts a rewritten file in the place of those that it was made of.</summary>
    public void Replace(IReadOnlyList<SnapshotFile> rewritten, SnapshotFile by)
    {
        lock (_gate)
        {
            foreach (var number in rewritten.SelectMany(file => file.Needed)) by.Need(number);
            _files[_files.IndexOf(rewritten[0])] = by;
            foreach (var file in rewritten.Skip(1)) _files.Remove(file);
        }
    }

    /// <summary>Where a snapshot lies; null when it is not in the file, or its head is damaged.</summary>
    /// <exception cref="LogFormatException">The file is of another version.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public SnapshotPlace? PlaceOf(SnapshotFile file, long number, bool fresh)
    {
        LookInto(file, fresh);
        lock (_gate) return file.Places is { } places && places.TryGetValue(number, out var place) ? place : null;
    }

    /// <summary>Finds out where in a file its snapshots lie, if nobody has.</summary>
    /// <inheritdoc cref="PlaceOf"/>
    public void LookInto(SnapshotFile file, bool fresh = false)
    {
        lock (_gate)
            if (file == InUse || (file.Places is not null && !fresh)) return;
        if (!Open.TryHold(file)) return;
        try
        {
            var (places, isVersion1) = SnapshotScan.Of(file.Handle!, node, file.First);
            lock (_gate)
            {
                (file.Places, file.End) = (places, file.Handle!.Length);
                if (isVersion1) file.IsHarmed = true; // of one snapshot, there is nothing to gain
            }
        }
        finally
        {
            Open.Release(file);
        }
    }

    /// <summary>The highest number that a file holds, or may hold where it is damaged.</summary>
    public long LastNumberIn(SnapshotFile file)
    {
        try
        {
            LookInto(file);
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            return file.First;
        }

        lock (_gate) return file.Places!.Keys.Append(file.First + file.End / SnapshotHead.Alignment).Max();
    }

    public void Dispose() => Open.Dispose();

    private bool IsMuchUnneededLocked(SnapshotFile file) => file != InUse && file.NeededBytes <= file.End / 2;

    private SnapshotFile? FindLocked(long number)
    {
        var (low, high) = (0, _files.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_files[middle].First <= number) low = middle + 1;
            else high = middle;
        }

        return low > 0 ? _files[low - 1] : null;
    }
}
