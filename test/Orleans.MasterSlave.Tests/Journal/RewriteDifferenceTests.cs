using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.RewriteLogs;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>
/// Logs from seeds, some of them damaged or torn, each in two copies: one is rewritten, at once and at later starts, the other never. Both must read back the same: entries,
/// snapshots, promises, torn tails, and who is quarantined.
/// </summary>
public sealed class RewriteDifferenceTests(ITestOutputHelper output)
{
    private const int Groups = 5, Starts = 3;

    [Fact]
    public async Task RewrittenLog_ReadsBackAsOneThatWasNot()
    {
        for (var seed = 0; seed < 60; seed++) await RunAsync(seed);
    }

    [Fact(Explicit = true)]
    public async Task ForMinutes()
    {
        var minutes = double.Parse(Environment.GetEnvironmentVariable("LOG_TEST_MINUTES") ?? "2", System.Globalization.CultureInfo.InvariantCulture);
        var first = int.Parse(Environment.GetEnvironmentVariable("LOG_TEST_FIRST_SEED") ?? "1000", System.Globalization.CultureInfo.InvariantCulture);
        var started = TimeProvider.System.GetTimestamp();
        var seed = first;
        for (; TimeProvider.System.GetElapsedTime(started).TotalMinutes < minutes; seed++) await RunAsync(seed);
        Console.WriteLine($"{seed - first} pairs from seed {first} on: the same");
    }

    private async Task RunAsync(int seed)
    {
        try
        {
            var random = new Random(seed);
            var log = await WriteAsync(random);
            for (var harms = random.Next(3); harms > 0; harms--) Harm(log, random);
            var (plain, rewritten) = (log.Copy(), log.Copy());
            for (var start = 0; start < Starts; start++)
            {
                var more = random.Next();
                var expected = await LiveAsync(plain, new Random(more), rewrites: false);
                Assert.Equal(expected, await LiveAsync(rewritten, new Random(more), rewrites: true));
                if (expected.Length == 1) return; // it does not open
            }
        }
        catch (Exception)
        {
            Console.WriteLine($"seed {seed} failed");
            output.WriteLine($"seed {seed} failed");
            throw;
        }
    }

    private static WriteAheadLogOptions Options(Random random)
    {
        var options = Manual;
        options.SegmentBytes *= random.Next(3) == 0 ? 3 : 1;
        return options;
    }

    private static async Task<SimulatedFiles> WriteAsync(Random random)
    {
        var disk = new SimulatedFiles();
        var models = Enumerable.Range(0, Groups).Select(_ => new GroupModel()).ToArray();
        for (var lives = random.Next(1, 4); lives > 0; lives--)
        {
            await using var fixture = Open(disk, Options(random));
            for (var round = random.Next(4); round >= 0; round--)
            {
                var (first, count) = (random.Next(Groups), random.Next(1, Groups)); // the others rest
                for (var steps = random.Next(40); steps > 0; steps--) await StepAsync(fixture, models, (first + random.Next(count)) % Groups, random);
                await RollAsync(fixture, fixture.Log.OpenReplica(GroupOf("busy")), random.Next(3));
            }

            if (random.Next(2) == 0) disk = disk.Copy(); // it ends as when the process is killed
        }

        return disk;
    }

    private static async Task StepAsync(LogFixture fixture, GroupModel[] models, int i, Random random)
    {
        if (random.Next(12) == 0)
        {
            var drop = fixture.Log.DropReplicaAsync(Name(i));
            models[i].Dropped(drop);
            await drop;
            return;
        }

        var task = models[i].Begin(fixture.Log.OpenReplica(Name(i)), random).Task;
        await task.ContinueWith(_ => { }, TaskScheduler.Default);
        if (!models[i].WasRefused(task)) await task;
    }

    private static void Harm(SimulatedFiles disk, Random random)
    {
        var segments = disk.All.Where(path => path.EndsWith(".segment", StringComparison.Ordinal)).ToArray();
        var isTorn = random.Next(3) == 0;
        disk.Alter(isTorn ? segments[^1] : segments[random.Next(segments.Length)], bytes =>
        {
            var end = bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
            if (end <= SegmentHeader.Bytes) return bytes;
            var at = random.Next(isTorn ? Math.Max(SegmentHeader.Bytes, end - 600) : random.Next(20) == 0 ? 0 : SegmentHeader.Bytes, end);
            if (isTorn) bytes.AsSpan(at, random.Next(2) == 0 ? end - at : Math.Min(8, end - at)).Clear();
            else if (random.Next(4) == 0) bytes.AsSpan(at, Math.Min(random.Next(600), end - at)).Clear();
            else bytes[at] ^= (byte)(1 << random.Next(8));
            return bytes;
        });
    }

    // What both do alike, and what can be read before and after it.
    private static async Task<string[]> LiveAsync(SimulatedFiles disk, Random random, bool rewrites)
    {
        LogFixture fixture;
        try
        {
            fixture = Open(disk, Options(random));
        }
        catch (IOException ex)
        {
            return [ex.GetType().Name];
        }

        await using (fixture)
        {
            var before = Describe(fixture);
            var isEarly = random.Next(2) == 0;
            var early = rewrites && isEarly ? Task.Run(() => fixture.Log.CleanAsync(2)) : null;
            for (var i = 0; i < Groups; i++) await GoOnAsync(fixture, Name(i), random);
            if (Quarantined(fixture, GroupOf("busy"))) await fixture.Log.DropReplicaAsync(GroupOf("busy"));
            await RollAsync(fixture, fixture.Log.OpenReplica(GroupOf("busy")), random.Next(4));
            if (early is not null) await early;
            if (rewrites) await fixture.Log.CleanAsync(2);
            return [.. before, .. Describe(fixture)];
        }
    }

    private static async Task GoOnAsync(LogFixture fixture, GroupId group, Random random)
    {
        var what = random.Next(8);
        if (what == 0) await fixture.Log.DropReplicaAsync(group);
        if (what >= 4 || Quarantined(fixture, group)) return; // it rests
        var log = fixture.Log.OpenReplica(group);
        if (what == 1) await log.PromiseAsync(log.PromisedEpoch.Next());
        if (what == 2 && log.Last.Index > log.Base.Index && log.Last.Index > (log.Snapshot?.Position.Index ?? LogIndex.None)) await log.CutFromAsync(log.Last.Index);
        var more = Entries(log.Last.Epoch.Value + (log.Last.Epoch == Epoch.None ? 1 : 0), log.Last.Index.Value + 1, 3);
        await log.AppendAsync(more);
        if (what == 3) await log.SaveSnapshotAsync(Snapshot(log.Last), log.Last.Index.Previous());
    }

    private static bool Quarantined(LogFixture fixture, GroupId group) => fixture.Log.Quarantined.Any(damage => damage.Group == group) || Read(fixture, group) == nameof(LogDamagedException);

    private static string[] Describe(LogFixture fixture) =>
    [
        string.Join(" ", fixture.Log.Groups.Select(group => group.ToString()).Order(StringComparer.Ordinal)),
        .. Enumerable.Range(0, Groups).Select(Name).Append(GroupOf("busy")).Append(GroupOf("unheard of")).Select(group => $"{group} {Read(fixture, group)}"),
    ];

    private static string Read(LogFixture fixture, GroupId group)
    {
        try
        {
            var log = fixture.Log.OpenReplica(group);
            return $"torn {log.HadTornTail} {LogFixture.Describe(log)}";
        }
        catch (LogDamagedException)
        {
            return nameof(LogDamagedException);
        }
    }

    private static GroupId Name(int i) => GroupOf($"g{i}");
}
