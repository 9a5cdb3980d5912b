using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// The skips that stand in a log above its base: which entry is never to be run, and where that is said (W10). Nearly always empty. Used by
/// one thread at a time.
/// </summary>
internal sealed class SkipList
{
    private readonly List<(LogIndex Skipped, LogIndex At)> _skips = [];

    /// <summary>Hears of every entry that is appended.</summary>
    public void Appended(LogEntry entry)
    {
        if (entry.Kind == EntryKind.Skip) _skips.Add((SkipContent.Of(entry).Skipped.Index, entry.Index));
    }

    /// <summary>Where the log says that this entry is not to be run; null: nowhere.</summary>
    public LogIndex? Of(LogIndex entry)
    {
        foreach (var (skipped, at) in _skips)
            if (skipped == entry) return at;
        return null;
    }

    /// <summary>The first entry that is skipped, up to an index, by a skip above it; null: none. A state in between is of no use to others.</summary>
    public LogIndex? Across(LogIndex index)
    {
        LogIndex? first = null;
        foreach (var (skipped, at) in _skips)
            if (skipped <= index && at > index && !(first < skipped)) first = skipped;
        return first;
    }

    public void CutFrom(LogIndex from) => _skips.RemoveAll(s => s.At >= from);

    public void DropThrough(LogIndex index) => _skips.RemoveAll(s => s.At <= index);

    public void Clear() => _skips.Clear();
}
