using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.LogWorker;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>A process of its own writes and is killed. <c>test/crash-sweep.sh</c> does so at every sync, with failing syncs and with a full disk.</summary>
public sealed class LogCrashTests : IDisposable
{
    private const int Groups = 4, Steps = 100_000;
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(2000)]
    public async Task KilledProcess_LosesNothingThatItConfirmed_TwiceInARow(int confirmations)
    {
        var confirmed = new Confirmed();
        for (var life = 0; life < 2; life++)
        {
            var resume = _folder.File($"resume-{life}");
            await File.WriteAllLinesAsync(resume, Enumerable.Range(0, Groups).Select(group => Confirmed.Line(group, confirmed.Of(group))), TestContext.Current.CancellationToken);
            await WriteUntilKilledAsync(resume, confirmed, confirmations);

            using var directory = LogDirectory.Open(_folder.File("log"));
            await using var log = WriteAheadLog.Open(directory, Plan.Options, TimeProvider.System, NullLogger.Instance);
            for (var group = 0; group < Groups; group++)
            {
                var steps = Checker.Find(log, group, confirmed.Of(group), out var found);
                Assert.True(steps is not null, $"group {group} after {confirmed.Of(group)} steps: {found}");
                confirmed.Add(Confirmed.Line(group, steps.Value));
            }
        }
    }

    private async Task WriteUntilKilledAsync(string resume, Confirmed confirmed, int confirmations)
    {
        using var worker = Start("write", _folder.File("log"), $"{Groups}", $"{Steps}", resume);
        for (var lines = 0; await worker.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line; lines++)
        {
            if (line.Split(' ') is [_, { Length: > 0 }]) confirmed.Add(line);
            if (lines == confirmations) worker.Kill();
        }

        await worker.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.NotEqual(0, worker.ExitCode);
    }

    [Fact]
    public async Task WriteThatIsDoneInPart_FailsTheLog_AndTheRestIsATornTail()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sets a limit of Linux.");
        using var worker = Start("shorten", _folder.File("log"));
        var confirmed = long.Parse(await worker.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
        await worker.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Writer.LogFailed, worker.ExitCode);

        using var directory = LogDirectory.Open(_folder.File("log"));
        await using var log = WriteAheadLog.Open(directory, Plan.Options, TimeProvider.System, NullLogger.Instance);
        var replica = log.OpenReplica(Plan.GroupOf(0));
        Assert.InRange(replica.Last.Index.Value, confirmed + 1, confirmed + 8); // some of it was written, and not all
        Assert.True(replica.HadTornTail);
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet")
        {
            RedirectStandardOutput = true, ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "Orleans.MasterSlave.LogWorker.dll") },
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
