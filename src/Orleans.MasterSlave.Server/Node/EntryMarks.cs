using System.Text;
using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Node;

/// <summary>
/// What a node remembers of entries that ended its process, or outlasted their limit (W10): which are being applied now, in
/// <see cref="ApplyingFile"/>, and how often each failed, in the file <c>suspects</c> of the log folder. Other code than before forgets
/// all. Thread-safe.
/// </summary>
internal sealed partial class EntryMarks : IDisposable
{
    public const string FileName = "suspects";

    /// <summary>An entry that blocks its thread never gives its turn back: others do not wait for it any longer.</summary>
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();
    private readonly LogDirectory _directory;
    private readonly ulong _deployment;
    private readonly ILogger _logger;
    private readonly Dictionary<GroupId, GroupMarks> _groups = [];
    private readonly SemaphoreSlim _alone = new(1);
    private readonly ApplyingFile _applying;
    private List<FailedEntry> _failed;
    private Task _saving = Task.CompletedTask;
    private bool _changed;
    private readonly Stack<ApplyingSlot> _forRequests = []; // that are free

    private EntryMarks(LogDirectory directory, ulong deployment, List<FailedEntry> failed, ApplyingFile applying, ILogger logger) =>
        (_directory, _deployment, _failed, _applying, _logger) = (directory, deployment, failed, applying, logger);

    /// <summary>Counts what the former process was applying when it died, and begins anew.</summary>
    public static EntryMarks Open(LogDirectory directory, ulong deployment, ILogger logger)
    {
        var path = Path.Combine(directory.Path, FileName);
        var before = directory.Files.Exists(path) ? Parse(AtomicFile.Read(directory.Files, path), deployment) : [];
        var applying = ApplyingFile.Take(Path.Combine(directory.Path, ApplyingFile.FileName), deployment, out var died);
        var marks = new EntryMarks(directory, deployment, Blame(before, died), applying, logger);
        if (died.Count > 0) marks.Save();
        foreach (var entry in died) LogDied(logger, entry.Position, entry.Operation);
        return marks;
    }

    /// <summary>
    /// Of several that were being applied, those that were under suspicion before are to blame, for they are applied one after the other; if
    /// there were none, each may be.
    /// </summary>
    public static List<FailedEntry> Blame(IReadOnlyList<FailedEntry> before, IReadOnlyList<FailedEntry> died)
    {
        var again = died.Where(d => before.Any(b => b.IsOf(d.Group, d.Position))).ToList();
        var blamed = again.Count > 0 ? again : died;
        var after = before.Where(b => !blamed.Any(d => d.IsOf(b.Group, b.Position))).ToList();
        after.AddRange(blamed.Select(d => d with { Failures = 1 + (before.FirstOrDefault(b => b.IsOf(d.Group, d.Position))?.Failures ?? 0) }));
        return after;
    }

    public IEntryMarks Of(GroupId group)
    {
        lock (_lock)
        {
            return _groups.TryGetValue(group, out var marks) ? marks : _groups[group] = new GroupMarks(this, ApplyingFile.KeyOf(group), _applying.NewSlot(ApplyingFile.KeyOf(group)));
        }
    }

    private bool HasFailed(UInt128 request)
    {
        lock (_lock) return _failed.Exists(f => f.IsOf(request, LogPosition.None));
    }

    private RequestMark BeginRequest(UInt128 request)
    {
        ApplyingSlot? slot;
        lock (_lock)
        {
            if (!_forRequests.TryPop(out slot)) slot = _applying.NewSlot(request);
        }

        slot.Begin(request, LogPosition.None, "reading a call");
        return new RequestMark(this, slot);
    }

    /// <summary>An orderly end: nothing was being applied that could have ended the process.</summary>
    public void Dispose()
    {
        Settle();
        _applying.Dispose();
    }

    /// <summary>Waits until what is known is saved.</summary>
    public void Settle()
    {
        Task saving;
        lock (_lock) saving = _saving;
        saving.Wait();
    }

    private List<FailedEntry> FailedOf(UInt128 group)
    {
        lock (_lock) return [.. _failed.Where(f => f.Group == group).OrderBy(f => f.Position.Index)];
    }

    private void Change(UInt128 group, LogPosition entry, string operation, int failures)
    {
        lock (_lock)
        {
            var count = failures == 0 ? 0 : failures + (_failed.FirstOrDefault(f => f.IsOf(group, entry))?.Failures ?? 0);
            _failed = [.. _failed.Where(f => !f.IsOf(group, entry))];
            if (count > 0) _failed.Add(new FailedEntry(group, entry, count, operation));
            _changed = true;
            if (_saving.IsCompleted) _saving = Task.Run(SaveChanges);
        }
    }

    private void SaveChanges()
    {
        while (true)
        {
            lock (_lock)
            {
                if (!_changed) return;
                _changed = false;
            }

            Save();
        }
    }

    private void Save()
    {
        List<FailedEntry> failed;
        lock (_lock) failed = _failed;
        try
        {
            AtomicFile.Write(_directory.Files, _directory.Path, FileName, Encoding.UTF8.GetBytes(Format(failed, _deployment)));
        }
        catch (IOException e)
        {
            LogNotSaved(e); // a death more may be needed to find the entry
        }
    }

    private static string Format(IEnumerable<FailedEntry> failed, ulong deployment) =>
        $"deployment {deployment:x16}\n" + string.Concat(failed.Select(f => $"{f.Group:x32} {f.Position.Epoch.Value} {f.Position.Index.Value} {f.Failures} {f.Operation}\n"));

    /// <summary>Lines that cannot be read are of no use to anybody: the entry is counted anew.</summary>
    private static List<FailedEntry> Parse(byte[] bytes, ulong deployment)
    {
        var lines = Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var failed = new List<FailedEntry>();
        if (lines.Length == 0 || lines[0] != $"deployment {deployment:x16}") return failed;
        foreach (var parts in lines.Skip(1).Select(line => line.Split(' ', 5)))
        {
            if (parts.Length == 5 && UInt128.TryParse(parts[0], System.Globalization.NumberStyles.HexNumber, null, out var group)
                && long.TryParse(parts[1], out var epoch) && long.TryParse(parts[2], out var index) && int.TryParse(parts[3], out var failures))
                failed.Add(new FailedEntry(group, new LogPosition(new Epoch(epoch), new LogIndex(index)), failures, parts[4]));
        }

        return failed;
    }

    [LoggerMessage(LogLevel.Warning, "The process of this node died while it applied entry {Entry} ({Operation}) of a group; the entry is tried again by itself.")]
    private static partial void LogDied(ILogger logger, LogPosition entry, string operation);

    [LoggerMessage(LogLevel.Warning, "What is known of entries that failed could not be saved.")]
    private partial void LogNotSaved(Exception error);

    private sealed class GroupMarks(EntryMarks node, UInt128 group, ApplyingSlot slot) : IEntryMarks
    {
        private volatile List<FailedEntry> _failed = node.FailedOf(group);

        public SuspectEntry? Suspect => _failed is [var first, ..] ? new SuspectEntry(first.Position, first.Failures, first.Operation) : null;

        public int FailuresOf(LogPosition entry)
        {
            var failed = _failed;
            foreach (var one in failed)
                if (one.Position == entry) return one.Failures;
            return 0;
        }

        public void Begin(LogPosition entry, string operation) => slot.Begin(entry, operation);

        public void End() => slot.End();

        public void FailCurrent()
        {
            if (slot.TakeCurrent() is not { } current) return;
            node.Change(group, current.Entry, current.Operation, failures: 1);
            _failed = node.FailedOf(group);
        }

        public void Survived(LogPosition entry)
        {
            if (FailuresOf(entry) == 0) return;
            node.Change(group, entry, "", failures: 0);
            _failed = node.FailedOf(group);
        }

        public bool HasFailed(UInt128 request) => node.HasFailed(request);

        public IDisposable BeginRequest(UInt128 request) => node.BeginRequest(request);

        public async Task<IDisposable> AloneAsync()
        {
            return new Turn(await node._alone.WaitAsync(LongestTurn) ? node._alone : null);
        }
    }

    private sealed class RequestMark(EntryMarks node, ApplyingSlot slot) : IDisposable
    {
        public void Dispose()
        {
            slot.End();
            lock (node._lock) node._forRequests.Push(slot);
        }
    }

    private sealed class Turn(SemaphoreSlim? alone) : IDisposable
    {
        public void Dispose() => alone?.Release();
    }
}

/// <summary>An entry that failed on this node.</summary>
internal sealed record FailedEntry(UInt128 Group, LogPosition Position, int Failures, string Operation)
{
    public bool IsOf(UInt128 group, LogPosition position) => Group == group && Position == position;
}
