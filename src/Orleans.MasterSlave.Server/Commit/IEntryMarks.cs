using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Commit;

/// <summary>An entry that ended a process while it was applied, outlasted its limit, or failed for a reason that is one silo's (W10).</summary>
/// <param name="Position">Which entry.</param>
/// <param name="Failures">How often, on one node.</param>
/// <param name="Operation">What was called, as far as known.</param>
[GenerateSerializer, Immutable, Alias("masterslave.suspect-entry")]
internal sealed record SuspectEntry([property: Id(0)] LogPosition Position, [property: Id(1)] int Failures, [property: Id(2)] string Operation);

/// <summary>
/// What a node remembers, over deaths of its process, of the entries of one group that it tried to apply (W10). Called from the replica's
/// thread, but for <see cref="FailCurrent"/>.
/// </summary>
internal interface IEntryMarks
{
    /// <summary>The first entry that failed here and was not applied since; null: none.</summary>
    SuspectEntry? Suspect { get; }

    int FailuresOf(LogPosition entry);

    /// <summary>From here until <see cref="End"/> a death of the process counts against the entry. Must cost next to nothing.</summary>
    void Begin(LogPosition entry, string operation);

    void End();

    /// <summary>What was begun and has not ended counts as failed, though the process lives. From any thread.</summary>
    void FailCurrent();

    /// <summary>The entry was applied after all.</summary>
    void Survived(LogPosition entry);

    /// <summary>Did the process of this node die while it read this request?</summary>
    bool HasFailed(UInt128 request);

    /// <summary>Until it is disposed of, a death of the process counts against the request.</summary>
    IDisposable BeginRequest(UInt128 request);

    /// <summary>Of all entries under suspicion in the process only the holder's is applied: if it dies, it is known of which.</summary>
    Task<IDisposable> AloneAsync();
}

/// <summary>Nothing is applied from this entry on, before an operator has decided (W10).</summary>
/// <param name="Entry">The entry; those before it are applied.</param>
/// <param name="Reason">What it did, for operators and callers.</param>
/// <param name="IsLasting">Another attempt of this process would end alike.</param>
internal sealed record EntryStop(LogEntry Entry, string Reason, bool IsLasting);
