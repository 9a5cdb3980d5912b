using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Orleans.MasterSlave.MutationGate;

/// <summary>What a layer of tests said of a mutant: nothing, or the tests that failed; of seeds, how many it took.</summary>
internal sealed record Finding(IReadOnlyList<string> Failed, int Seeds = 0)
{
    public bool IsCaught => Failed.Count > 0;
}

/// <summary>Runs one layer of tests for one mutant, in a process of its own. A process that does not end is caught too.</summary>
internal sealed partial class Layers(WorkCopy copy, TimeSpan limit)
{
    private static readonly string[] UnitNamespaces = ["Commit", "Liveness", "Replica", "Replicas", "Group", "Diagnostics", "Replication", "Server", "Routing", "Abstractions", "Journal.Faults"];

    public Task<Finding> HistoriesAsync(string? mutant) =>
        RunAsync("Orleans.MasterSlave.Simulation", mutant, [], "-namespace", "Orleans.MasterSlave.Simulated.Scenarios");

    public Task<Finding> UnitAsync(string? mutant) =>
        RunAsync("Orleans.MasterSlave.Tests", mutant, [], [.. UnitNamespaces.SelectMany(n => new[] { "-namespace", $"Orleans.MasterSlave.Tests.{n}" })]);

    public Task<Finding> SeedsAsync(string? mutant, int seeds) => RunAsync(
        "Orleans.MasterSlave.Simulation", mutant, [("MASTERSLAVE_SEEDS", $"{seeds}"), ("MASTERSLAVE_STOP_AT_FIRST", "1")], "-method", "*.Seeds_1000");

    private async Task<Finding> RunAsync(string project, string? mutant, (string Name, string Value)[] variables, params string[] selected)
    {
        var start = new ProcessStartInfo(copy.Program(project), [.. selected, "-noColor"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MASTERSLAVE_MUTANT"] = mutant ?? "";
        foreach (var (name, value) in variables) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            using var late = new CancellationTokenSource(limit);
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return new Finding(["does not end"]);
        }

        var said = await output + await error;
        var failed = FailedTest().Matches(said).Select(m => $"{m.Groups["class"].Value}.{m.Groups["test"].Value}").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var seeds = SeedsRun().Match(said) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;
        if (failed.Count == 0 && process.ExitCode != 0) failed.Add($"exit code {process.ExitCode}");
        if (!RanTests().IsMatch(said) && failed.Count == 0) throw new InvalidOperationException($"{project} ran no test:\n{said}");
        return new Finding(failed, seeds);
    }

    [GeneratedRegex(@"^\s+[\w.]+\.(?<class>\w+)\.(?<test>\w+)(\(.*\))? \[FAIL\]", RegexOptions.Multiline)]
    private static partial Regex FailedTest();

    [GeneratedRegex(@"fails after (\d+) seeds")]
    private static partial Regex SeedsRun();

    [GeneratedRegex(@"Total: [1-9]")]
    private static partial Regex RanTests();
}
