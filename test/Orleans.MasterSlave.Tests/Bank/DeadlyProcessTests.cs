using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.Tests.Bank;

/// <summary>A real process that dies of an operation, as of a stack that overflows: no exception tells of it (W10).</summary>
[Collection(nameof(BankProcesses))]
public sealed class DeadlyProcessTests(ITestOutputHelper output)
{
    private readonly string[] _ports = [FreePort(), FreePort()]; // the same in each life: another silo would wait for the dead one

    [Fact]
    public async Task Silo_DiesOfAnOperationTwice_ThenStopsAtIt_ReadsGoOn_AndASkipMends()
    {
        using var folder = new TempDirectory();
        var first = await RunAsync(folder, "die");
        Assert.NotEqual(0, first.Code);
        Assert.Contains("added 1", first.Lines);
        var second = await RunAsync(folder, "start");
        Assert.NotEqual(0, second.Code);
        Assert.Contains("started", second.Lines);

        var third = await RunAsync(folder, "repair");

        Assert.True(third.Code == 0, string.Join('\n', third.Lines));
        var stopped = Assert.Single(third.Lines, l => l.StartsWith("stopped ", StringComparison.Ordinal));
        Assert.Contains("IDeadly.EndProcess", stopped, StringComparison.Ordinal);
        Assert.Contains("read 1", third.Lines);
        Assert.Contains("added 2", third.Lines);

        var fourth = await RunAsync(folder, "die"); // it is not executed after a restart either
        Assert.Contains("added 3", fourth.Lines);
    }

    private async Task<(int Code, List<string> Lines)> RunAsync(TempDirectory folder, string step)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "exec", Path.Combine(AppContext.BaseDirectory, "Orleans.MasterSlave.SiloWorker.dll"), folder.Path, _ports[0], _ports[1], step })
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        using var process = Process.Start(start)!;
        var lines = new List<string>();
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            output.WriteLine(line);
            lines.Add(line);
        }

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, lines);
    }

    private static string FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return $"{((IPEndPoint)socket.LocalEndPoint!).Port}";
    }
}
