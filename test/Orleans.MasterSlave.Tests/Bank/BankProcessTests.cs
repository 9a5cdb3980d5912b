using System.Diagnostics;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.Tests.Bank;

/// <summary>The sample as a user runs it, shorter: silos in processes of their own, one of which meets a real fault.</summary>
[Collection(nameof(BankProcesses))]
public sealed class BankProcessTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("sync", "kill")]
    [InlineData("sync", "stop")]
    [InlineData("sync", "disk-error")] // fdatasync fails on the thread that flushes the log (D2)
    [InlineData("sync", "all")]
    [InlineData("sync", "two")]
    [InlineData("sync", "isolate")]
    [InlineData("async", "kill")]
    public async Task Run_WithAFault_LosesNothingUnaccounted(string mode, string fault)
    {
        using var folder = new TempDirectory();
        var (code, lines) = await RunBankAsync("--mode", mode, "--fault", fault, "--seconds", "9", "--accounts", "30", "--data", folder.Path);

        Assert.True(code == 0, string.Join('\n', lines));
        Assert.Contains("duplicated=0 failed_calls=0", lines[^1], StringComparison.Ordinal);
        Assert.Contains("replicas_equal=true", lines[^1], StringComparison.Ordinal);
        if (mode == "sync") Assert.Contains("lost=0 ", lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("failover_ms_max=0 ", lines[^1], StringComparison.Ordinal); // the fault did happen
        if (fault == "disk-error") Assert.Contains(LogsOf(folder), text => text.Contains("The log of this silo failed.", StringComparison.Ordinal));
    }

    private static IEnumerable<string> LogsOf(TempDirectory folder) =>
        Directory.EnumerateFiles(folder.Path, "silo.txt", SearchOption.AllDirectories).Select(File.ReadAllText);

    private async Task<(int Code, List<string> Lines)> RunBankAsync(params string[] options)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Bank.dll"));
        foreach (var option in options) start.ArgumentList.Add(option);
        using var bank = Process.Start(start)!;
        var errors = bank.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var lines = new List<string>();
        while (await bank.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            output.WriteLine(line);
            lines.Add(line);
        }

        await bank.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (await errors is { Length: > 0 } error) lines.Add(error);
        return (bank.ExitCode, lines);
    }
}

/// <summary>Several silo processes at once are enough for a machine: these tests run by themselves.</summary>
[CollectionDefinition(nameof(BankProcesses), DisableParallelization = true)]
public sealed class BankProcesses;
