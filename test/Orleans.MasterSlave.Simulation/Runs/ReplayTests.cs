using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Orleans.MasterSlave.Simulated.Runs;

/// <summary>A seed means the same in another process.</summary>
public sealed class ReplayTests(ITestOutputHelper output)
{
    private const string Marker = "trace of seed 3: ";

    [Fact]
    public void Run_PrintsItsTrace() => output.WriteLine($"{Marker}{Simulation.Run(3).TraceHash}");

    [Fact]
    public async Task Run_InAnotherProcess_TakesTheSameWay()
    {
        using var other = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["-method", "*.Run_PrintsItsTrace", "-showLiveOutput", "-noColor"])
        {
            RedirectStandardOutput = true,
        })!;
        var said = await other.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains($"{Marker}{Simulation.Run(3).TraceHash.ToString(CultureInfo.InvariantCulture)}", said, StringComparison.Ordinal);
    }
}
