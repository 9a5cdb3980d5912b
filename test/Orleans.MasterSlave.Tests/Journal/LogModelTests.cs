using CsCheck;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>
/// Random lives of a few groups: write, lose power at some operation of the disk, start again. What a task confirmed must be there; what is there must
/// be something that was asked for, in that order. CsCheck prints the seed of a failure.
/// </summary>
public sealed class LogModelTests
{
    private const int Groups = 3;

    [Fact]
    public void RandomLives_WithPowerFailures_KeepWhatWasConfirmed() =>
        Gen.Int.Sample(seed => new Life(seed).RunAsync().GetAwaiter().GetResult(), iter: 300, threads: 1);

    private sealed class Life(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly GroupModel[] _models = [.. Enumerable.Range(0, Groups).Select(_ => new GroupModel())];
        private SimulatedFiles _disk = new();

        public async Task RunAsync()
        {
            for (var life = 0; life < 4; life++)
            {
                SimulatedFiles? left = null;
                var killAfter = _random.Next(400);
                var gate = new Lock();
                var kill = new Random(_random.Next());
                var files = new FaultyFiles(_disk, (_, _) =>
                {
                    lock (gate)
                    {
                        if (left is not null) throw new IOException("no power");
                        if (killAfter-- > 0) return;
                        left = kill.Next(3) == 0 ? _disk.Copy() : _disk.Crash(kill);
                        throw new IOException("no power");
                    }
                });
                await LiveAsync(files);
                lock (gate) _disk = left ?? _disk.Copy();
                foreach (var model in _models) model.Crash();
            }
        }

        private async Task LiveAsync(ILogFiles files)
        {
            LogFixture? fixture = null;
            try
            {
                fixture = Open(files);
                var logs = Enumerable.Range(0, Groups).Select(i => fixture.Log.OpenReplica(GroupOf($"g{i}"))).ToArray();
                for (var i = 0; i < Groups; i++) _models[i].Check(logs[i], seed);
                var steps = _random.Next(5, 120);
                for (var step = 0; step < steps; step++)
                {
                    var i = _random.Next(Groups);
                    await _models[i].StepAsync(logs[i], _random);
                }
            }
            catch (Exception ex) when (ex is LogFailedException or LogDirectoryAccessException || ex.GetType() == typeof(IOException))
            {
                // The power is off.
            }
            finally
            {
                if (fixture is not null) await fixture.DisposeAsync();
            }
        }
    }

    /// <summary>Every state that one group's log went through, and which of them was confirmed last.</summary>
    private sealed class GroupModel
    {
        private readonly List<State> _states = [new(LogPosition.None, 0, [], 0)];
        private readonly List<(Task Durable, int State)> _waiting = [];
        private int _confirmed;
        private long _next;

        private State Now => _states[^1];

        public async Task StepAsync(IReplicaLog log, Random random)
        {
            var now = Now;
            Task task;
            switch (random.Next(12))
            {
                case 0 when now.Entries.Length > 0 && now.Last.Index.Value > now.Snapshot:
                    var from = random.NextInt64(Math.Max(now.Base.Index.Value, now.Snapshot) + 1, now.Last.Index.Value + 1);
                    task = log.CutFromAsync(new LogIndex(from));
                    Push(task, now with { Entries = [.. now.Entries.Where(e => e.Index.Value < from)] });
                    break;
                case 1:
                    task = log.PromiseAsync(new Epoch(now.Promised + 1));
                    Push(task, now with { Promised = now.Promised + 1 });
                    break;
                case 2 when now.Entries.Length > 0 && now.Last.Index.Value > now.Snapshot:
                    await SaveAsync(log, now, random);
                    return;
                case 3 when random.Next(3) == 0:
                    var at = At(now.Last.Epoch.Value + 1, random.Next(1, 50));
                    task = log.InstallSnapshotAsync(Snapshot(at, Size(random), at.Epoch.Value));
                    Push(task, new State(at, at.Index.Value, [], now.Promised));
                    await SettledAsync(task);
                    return;
                default:
                    var epoch = now.Last.Epoch.Value + (random.Next(5) == 0 || now.Last.Epoch.Value == 0 ? 1 : 0);
                    var entries = Enumerable.Range(1, random.Next(1, 5)).Select(i => Entry(epoch, now.Last.Index.Value + i, $"{++_next}" + new string('x', random.Next(300)))).ToArray();
                    task = log.AppendAsync(entries);
                    Push(task, now with { Entries = [.. now.Entries, .. entries.Select(e => new Known(e.Epoch, e.Index, Convert.ToHexString(e.Payload)))] });
                    break;
            }

            if (WasRefused(task)) return;
            if (task.IsFaulted || random.Next(3) == 0) await task;
            Observe();
        }

        private async Task SaveAsync(IReplicaLog log, State now, Random random)
        {
            var index = random.NextInt64(Math.Max(now.Snapshot, now.Base.Index.Value) + 1, now.Last.Index.Value + 1);
            var position = new LogPosition(log.EpochAt(new LogIndex(index))!.Value, new LogIndex(index));
            var keep = random.NextInt64(0, now.Last.Index.Value + 5);
            var task = log.SaveSnapshotAsync(Snapshot(position, Size(random), log.DataLossCount), new LogIndex(keep));
            var newBase = Math.Max(now.Base.Index.Value, Math.Min(keep, index));
            Push(task, new State(
                new LogPosition(log.EpochAt(new LogIndex(newBase))!.Value, new LogIndex(newBase)), index,
                [.. now.Entries.Where(e => e.Index.Value > newBase)], now.Promised));
            await SettledAsync(task);
        }

        private static int Size(Random random) => random.Next(2) == 0 ? 50 : 3000;

        private void Push(Task task, State state)
        {
            _states.Add(state);
            _waiting.Add((task, _states.Count - 1));
        }

        private async Task SettledAsync(Task task)
        {
            await task.ContinueWith(_ => { }, TaskScheduler.Default);
            if (WasRefused(task)) return;
            await task;
            Observe();
        }

        // Too much waited for the disk: nothing was written, and the state must never be seen.
        private bool WasRefused(Task task)
        {
            if (task.Exception?.InnerException is not LogFullException) return false;
            _waiting.RemoveAt(_waiting.Count - 1);
            _states.RemoveAt(_states.Count - 1);
            return true;
        }

        private void Observe()
        {
            foreach (var (task, state) in _waiting) if (task.IsCompletedSuccessfully) _confirmed = Math.Max(_confirmed, state);
        }

        public void Crash()
        {
            Observe();
            foreach (var (task, _) in _waiting) _ = task.Exception;
            _waiting.Clear();
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

    private sealed record Known(Epoch Epoch, LogIndex Index, string Payload);

    private sealed record State(LogPosition Base, long Snapshot, Known[] Entries, long Promised)
    {
        public LogPosition Last => Entries.Length > 0 ? new LogPosition(Entries[^1].Epoch, Entries[^1].Index) : Base;
    }
}
