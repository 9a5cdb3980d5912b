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
                }, gate: gate);
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
                    if (_random.Next(4) == 0) _models[i].CheckReads(logs[i], seed);
                    if (_random.Next(20) == 0) _ = ObservedAsync(fixture.Log.CleanAsync(2)); // goes on beside what follows
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

    // A rewriting that the power failure ends.
    private static async Task ObservedAsync(Task rewriting)
    {
        try
        {
            await rewriting;
        }
        catch (Exception ex) when (ex is IOException or OperationCanceledException)
        {
            // Told by the log itself.
        }
    }
}
