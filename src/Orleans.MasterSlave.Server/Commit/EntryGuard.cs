using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Commit;

/// <summary>What is to be done with the entry that comes next (W10).</summary>
internal enum EntryVerdict
{
    /// <summary>It is applied, with others in one batch.</summary>
    Run,

    /// <summary>It is under suspicion: applied by itself, and no other such entry of the process meanwhile.</summary>
    RunAlone,

    /// <summary>A stable entry behind it says that it is never to be run.</summary>
    Skip,

    /// <summary>Nothing yet: what decides is not known.</summary>
    Wait,

    /// <summary>It has ended processes, or outlasted its limit, twice: nothing is applied from here on.</summary>
    Stop,
}

/// <summary>Decides whether a replica dares to apply an entry, by what is known of earlier attempts here and elsewhere (W10).</summary>
internal sealed class EntryGuard(IReplicaLog log, IEntryMarks marks)
{
    /// <summary>So many failures of one entry, of all replicas together, end the attempts.</summary>
    public const int MostFailures = 2;

    /// <summary>What the mastership in force knows of attempts elsewhere. Null: a slave.</summary>
    public Func<LogPosition, int, EntryVerdict>? Elsewhere { get; set; }

    /// <summary>A slave applies nothing that its master has not applied before: what ends a process ends no second one by itself.</summary>
    public LogIndex AppliedByMaster { get; set; }

    /// <param name="entry">It comes next, or after others that do.</param>
    /// <param name="stable">A skip counts when it is stable: only then no later master can lack it.</param>
    public EntryVerdict Of(LogEntry entry, LogIndex stable)
    {
        if (entry.Kind != EntryKind.Operation) return EntryVerdict.Run;
        if (log.SkipOf(entry.Index) is { } at) return at <= stable ? EntryVerdict.Skip : EntryVerdict.Wait;
        var here = marks.FailuresOf(entry.Position);
        if (Elsewhere is { } elsewhere) return elsewhere(entry.Position, here);
        return entry.Index <= AppliedByMaster ? Survived(here) : EntryVerdict.Wait;
    }

    /// <summary>Another replica has applied the entry: whatever happened here is this process's own trouble.</summary>
    public static EntryVerdict Survived(int failuresHere) =>
        failuresHere == 0 ? EntryVerdict.Run : failuresHere < MostFailures ? EntryVerdict.RunAlone : EntryVerdict.Stop;
}
