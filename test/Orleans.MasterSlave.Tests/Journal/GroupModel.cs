using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>Every state that one group's log went through, and which of them was confirmed last.</summary>
internal sealed class GroupModel
{
    private readonly List<State> _states = [new(LogPosition.None, 0, [], 0)];
    private readonly List<(Task Durable, int State)> _waiting = [];
    private int _confirmed;
    private long _next;

    private static readonly int InlineBytes = SmallSegments.InlineSnapshotBytes;

    public State Now => _states[^1];

    /// <summary>Begins something at random; it is durable when the task completes.</summary>
    /// <param name="log">The group's log.</param>
    /// <param name="random">Decides what.</param>
    /// <param name="alone">True: only what nothing else may accompany, or an append; false: only what may be accompanied; null: any.</param>
    /// <returns>The task; whether nothing else may be done meanwhile; whether something goes to the snapshot log first.</returns>
    public (Task Task, bool Alone, bool InSnapshotLog) Begin(IReplicaLog log, Random random, bool? alone = null)
    {
        var now = Now;
        Task task;
        var aboveSnapshot = now.Entries.Length > 0 && now.Last.Index.Value > now.Snapshot;
        switch (alone == true ? random.Next(2, 4) : random.Next(12))
        {
            case 0 when aboveSnapshot:
                var from = random.NextInt64(Math.Max(now.Base.Index.Value, now.Snapshot) + 1, now.Last.Index.Value + 1);
                task = log.CutFromAsync(new LogIndex(from));
                Push(task, now with { Entries = [.. now.Entries.Where(e => e.Index.Value < from)] });
                return (task, false, false);
            case 1:
                task = log.PromiseAsync(new Epoch(now.Promised + 1));
                Push(task, now with { Promised = now.Promised + 1 });
                return (task, false, false);
            case 2 when aboveSnapshot && alone != false:
                var saved = Size(random);
                return (Save(log, now, random, saved), true, saved > InlineBytes);
            case 3 when alone != false && random.Next(3) == 0:
                var at = At(now.Last.Epoch.Value + 1, random.Next(1, 50));
                var installed = Size(random);
                task = log.InstallSnapshotAsync(Snapshot(at, installed, at.Epoch.Value));
                Push(task, new State(at, at.Index.Value, [], now.Promised));
                return (task, true, installed > InlineBytes);
            default:
                var epoch = now.Last.Epoch.Value + (random.Next(5) == 0 || now.Last.Epoch.Value == 0 ? 1 : 0);
                var (count, most) = random.Next(15) == 0 ? (1, 2500) : (random.Next(1, 5), 300);
                var entries = Enumerable.Range(1, count).Select(i => Entry(epoch, now.Last.Index.Value + i, $"{++_next}" + new string('x', random.Next(most)))).ToArray();
                task = log.AppendAsync(entries);
                Push(task, now with { Entries = [.. now.Entries, .. entries.Select(e => new Known(e.Epoch, e.Index, Convert.ToHexString(e.Payload)))] });
                return (task, false, false);
        }
    }

    /// <summary>Takes in that the group's log is being dropped.</summary>
    public void Dropped(Task task) => Push(task, new State(LogPosition.None, 0, [], 0));

    /// <summary>Takes a step; waits for it where nothing else may be done meanwhile, and at times otherwise.</summary>
    public async Task StepAsync(IReplicaLog log, Random random)
    {
        var (task, alone, _) = Begin(log, random);
        if (alone) await task.ContinueWith(_ => { }, TaskScheduler.Default);
        if (WasRefused(task)) return;
        if (alone || task.IsFaulted || random.Next(3) == 0) await task;
        Observe();
    }

    private Task Save(IReplicaLog log, State now, Random random, int size)
    {
        var index = random.NextInt64(Math.Max(now.Snapshot, now.Base.Index.Value) + 1, now.Last.Index.Value + 1);
        var position = new LogPosition(log.EpochAt(new LogIndex(index))!.Value, new LogIndex(index));
        var keep = random.NextInt64(0, now.Last.Index.Value + 5);
        var newBase = Math.Max(now.Base.Index.Value, Math.Min(keep, index));
        var state = new State(
            new LogPosition(log.EpochAt(new LogIndex(newBase))!.Value, new LogIndex(newBase)), index,
            [.. now.Entries.Where(e => e.Index.Value > newBase)], now.Promised);
        var task = log.SaveSnapshotAsync(Snapshot(position, size, log.DataLossCount), new LogIndex(keep));
        Push(task, state);
        return task;
    }

    private static int Size(Random random) => random.Next(3) switch { 0 => 50, 1 => 250, _ => 3000 };

    private void Push(Task task, State state)
    {
        _states.Add(state);
        _waiting.Add((task, _states.Count - 1));
    }

    // Too much waited for the disk: nothing was written, and the state must never be seen.
    public bool WasRefused(Task task)
    {
        if (task.Exception?.InnerException is not LogFullException) return false;
        _waiting.RemoveAt(_waiting.Count - 1);
        _states.RemoveAt(_states.Count - 1);
        return true;
    }

    public void Observe()
    {
        foreach (var (task, state) in _waiting) if (task.IsCompletedSuccessfully) _confirmed = Math.Max(_confirmed, state);
    }

    public void Crash()
    {
        Observe();
        foreach (var (task, _) in _waiting) _ = task.Exception;
        _waiting.Clear();
    }

    /// <summary>What can be read now, from memory or from segments, is what was asked for last.</summary>
    public void CheckReads(IReplicaLog log, int seed)
    {
        var found = log.Read(log.Base.Index.Next(), int.MaxValue, int.MaxValue).Select(e => new Known(e.Epoch, e.Index, Convert.ToHexString(e.Payload)));
        Assert.True(found.SequenceEqual(Now.Entries), $"seed {seed}: {Describe(log)}\nis not what was written");
    }

    public void Check(IReplicaLog log, int seed)
    {
        // An append of several entries may be there in part: each prefix of it is a state too.
        var found = log.Read(log.Base.Index.Next(), int.MaxValue, int.MaxValue).Select(e => new Known(e.Epoch, e.Index, Convert.ToHexString(e.Payload))).ToArray();
        for (var i = _confirmed; i < _states.Count; i++)
        {
            var state = _states[i];
            var atLeast = i > _confirmed && _states[i - 1].Base == state.Base ? Math.Min(_states[i - 1].Entries.Length, state.Entries.Length) : state.Entries.Length;
            if (state.Base == log.Base && state.Promised == log.PromisedEpoch.Value && state.Snapshot == (log.Snapshot?.Position.Index.Value ?? 0)
                && found.Length >= atLeast && found.Length <= state.Entries.Length && found.SequenceEqual(state.Entries.Take(found.Length)))
            {
                _states.Clear();
                _states.Add(state with { Entries = found });
                _confirmed = 0;
                Assert.Equal(log.Last.Index, log.DurableIndex);
                if (log.Snapshot is { } s) Assert.Equal(Snapshot(s.Position, s.State.Length).State, s.State);
                return;
            }
        }

        Assert.Fail($"seed {seed}: {Describe(log)}\nis no state from {_states[_confirmed]} with {_states[_confirmed].Entries.Length} entries to {_states[^1]}");
    }
}

internal sealed record Known(Epoch Epoch, LogIndex Index, string Payload);

internal sealed record State(LogPosition Base, long Snapshot, Known[] Entries, long Promised)
{
    public LogPosition Last => Entries.Length > 0 ? new LogPosition(Entries[^1].Epoch, Entries[^1].Index) : Base;
}
