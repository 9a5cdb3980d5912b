using Orleans.MasterSlave.Benchmarks.Cluster;
using Orleans.MasterSlave.Benchmarks.Contenders;
using Orleans.MasterSlave.Benchmarks.Measuring;
using Orleans.MasterSlave.Benchmarks.Options;
using Orleans.MasterSlave.Benchmarks.Report;
using Spectre.Console;

namespace Orleans.MasterSlave.Benchmarks;

/// <summary>The whole of a run: start, measure, report.</summary>
internal sealed class BenchmarkRun(BenchmarkOptions options, string directory, string postgres)
{
    private readonly List<ReportTable> _tables = [];
    private readonly TargetTable _targets = new();
    private readonly List<string> _errors = [];
    private readonly Load[] _loads = [.. options.Callers.Select(Load.OneGrainEach)];

    public async Task RunAsync()
    {
        var machine = await Machine.DescribeAsync(directory, postgres);
        var loadBefore = SystemLoad.Average();
        SiloPair silos;
        await using (silos = await SiloPair.StartAsync("plugged", directory, postgres))
        {
            if (options.Writes.Count > 0) await MeasureWritesAsync(silos);
            if (options.Reads.Count > 0) await MeasureReadsAsync(silos);
            silos.ThrowIfOneEnded();
        }

        string[] notes =
        [
            machine,
            $"load average before {loadBefore}, at the end {SystemLoad.Average()} (the benchmark's own among it)",
            FormattableString.Invariant($"{options.Rounds} rounds of {options.Seconds} s for each figure; {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC"),
            silos.LargestHeartbeatGap is { } gap ? $"largest time between two heartbeats from silo to silo, sent every 200 ms: {gap.TotalMilliseconds:0} ms" : "the largest time between two heartbeats is not known",
            .. _errors,
        ];
        Print(notes);
        if (options.Out is { } file) await File.WriteAllTextAsync(file, ToMarkdown(notes));
    }

    private async Task MeasureWritesAsync(SiloPair silos)
    {
        var (replicated, database, chain) = (new ReplicatedWrite(silos), new PostgresWrite(silos), new PlainChain(silos));
        var contest = await MeasureAsync("Writes of 64 bytes", new Contest(Chosen(options.Writes, replicated, database, chain), [.. _loads, Load.Hot]));
        _targets.AddWrites(contest, replicated, database, chain);
    }

    private async Task MeasureReadsAsync(SiloPair silos)
    {
        await using var alone = await SiloPair.StartAsync("alone", directory, postgres: null);
        var (read, plain, without) = (new ReplicatedRead(silos), new PlainRead(silos, ContenderNames.PlainRead), new PlainRead(alone, ContenderNames.PlainReadAlone));
        var contest = await MeasureAsync("Reads and plain calls", new Contest(Chosen(options.Reads, read, plain, without), _loads));
        _targets.AddReads(contest, read, plain, without);
        alone.ThrowIfOneEnded();
    }

    private static Contender[] Chosen(IReadOnlyList<string> names, params Contender[] all) => [.. all.Where(contender => names.Contains(contender.Name))];

    private async Task<Contest> MeasureAsync(string title, Contest contest)
    {
        await contest.RunAsync(options.Rounds, TimeSpan.FromSeconds(options.Seconds), Console.WriteLine);
        _tables.Add(ContestTable.Of(title, contest));
        foreach (var load in contest.Loads)
        {
            foreach (var contender in contest.Contenders)
            {
                if (contest.Of(contender, load) is { Error: { } error } rounds) _errors.Add($"{contender.Name}, {load}: {rounds.Failed} calls failed, one with {error.GetType().Name}: {error.Message}");
            }
        }

        return contest;
    }

    private void Print(string[] notes)
    {
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160;
        foreach (var table in _tables) AnsiConsole.Write(table.ToScreen());
        if (!_targets.Table.IsEmpty) AnsiConsole.Write(_targets.Table.ToScreen());
        foreach (var note in notes) Console.WriteLine(note);
    }

    private string ToMarkdown(string[] notes)
    {
        var tables = _targets.Table.IsEmpty ? _tables : [.. _tables, _targets.Table];
        return string.Join('\n', [.. tables.Select(table => table.ToMarkdown()), .. notes.Select(note => $"- {note}"), ""]);
    }
}
