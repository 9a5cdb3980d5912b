using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// One replica's own log. Implemented by <c>FileLogger</c> over the silo's shared write-ahead log, and by the simulation's disk.
/// Called from the replica's single thread only. What was appended is visible to reads at once; it is <em>durable</em> when the task of the
/// append completes. After any write or sync error every task fails with <see cref="LogFailedException"/>, for good (D2).
/// </summary>
internal interface IReplicaLog
{
    /// <summary>Position of the last entry appended or covered by the snapshot; <see cref="LogPosition.None"/> in an empty log.</summary>
    LogPosition Last { get; }

    /// <summary>Position that the oldest entry still readable follows: the snapshot's, or none.</summary>
    LogPosition Base { get; }

    /// <summary>Largest index durable in this log (<c>LargestReceivedIndex</c>).</summary>
    LogIndex DurableIndex { get; }

    /// <summary>The highest epoch this replica has durably promised to obey.</summary>
    Epoch PromisedEpoch { get; }

    /// <summary>The group whose log this is (I4); none: nothing was ever promised here.</summary>
    GroupBirth Birth { get; }

    /// <summary>The data-loss count of the last entry, or of the snapshot.</summary>
    long DataLossCount { get; }

    /// <summary>Time of the last entry, or of the snapshot.</summary>
    DateTime LastTimeUtc { get; }

    /// <summary>True when recovery cut a torn, unconfirmed batch that may have held entries of this group (D4).</summary>
    bool HadTornTail { get; }

    /// <summary>The newest snapshot, durable; null when there is none.</summary>
    LogSnapshot? Snapshot { get; }

    /// <summary>The epoch of the entry at an index between <see cref="Base"/> and <see cref="Last"/> (both included); null outside.</summary>
    Epoch? EpochAt(LogIndex index);

    /// <summary>Where this log says that the entry at an index is never to be run; null: nowhere (W10).</summary>
    LogIndex? SkipOf(LogIndex entry);

    /// <summary>The first entry at or below an index that a skip above that index names; null: there is none.</summary>
    LogIndex? SkippedAcross(LogIndex index);

    /// <summary>Reads entries from an index on: at least one if it exists, at most <paramref name="maxCount"/> or about <paramref name="maxBytes"/>.</summary>
    IReadOnlyList<LogEntry> Read(LogIndex from, int maxCount, int maxBytes);

    /// <summary>Appends entries that follow <see cref="Last"/> without a gap. The task completes when they are durable, and with them everything before.</summary>
    Task AppendAsync(IReadOnlyList<LogEntry> entries);

    /// <summary>Cuts every entry from an index on (C2). Later appends are ordered after the cut.</summary>
    Task CutFromAsync(LogIndex from);

    /// <summary>
    /// Makes a promise durable; never lowers it. The first one says for ever which group the log is of, by the same record: so nothing of the group is durable
    /// without its birth.
    /// </summary>
    /// <exception cref="ArgumentException">The log is of another birth.</exception>
    Task PromiseAsync(Epoch epoch, GroupBirth birth);

    /// <summary>Stores a snapshot of this replica's own committed state; when durable, entries up to it may be dropped, but
    /// none above <paramref name="keepFrom"/> (what lagging slaves still need).</summary>
    Task SaveSnapshotAsync(LogSnapshot snapshot, LogIndex keepFrom);

    /// <summary>Replaces everything by a snapshot of the master, by one durable record (C4): afterwards <see cref="Last"/> = <see cref="Base"/> = its position.</summary>
    Task InstallSnapshotAsync(LogSnapshot snapshot);

    /// <summary>Saves entries that are about to be cut to the group's orphaned-operations file, durably, before they are (C2).</summary>
    Task SaveOrphansAsync(IReadOnlyList<LogEntry> entries, LogPosition cutAfter);
}

/// <summary>The silo's log failed: nothing more is made durable in this life of the process (D2).</summary>
internal sealed class LogFailedException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>The disk is full: what was refused was not written; appends succeed again when there is room (D5).</summary>
internal sealed class LogFullException(string message, Exception? inner = null) : IOException(message, inner);
