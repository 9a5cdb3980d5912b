using System.Diagnostics;
using Orleans.MasterSlave.Benchmarks.Options;
using Xunit;

namespace Orleans.MasterSlave.Tests.Benchmarks;

/// <summary>What the benchmark program measures of what it is asked for.</summary>
public sealed class BenchmarkOptionsTests
{
    [Fact]
    public void WithoutOnly_EverythingIsMeasured()
    {
        var options = BenchmarkOptions.Parse([]);
        Assert.Equal(["replicated write", "PostgreSQL grain", "chain of two silos"], options.Writes);
        Assert.Equal(["replicated read", "plain call", "plain call, no plug-in"], options.Reads);
        Assert.Empty(BenchmarkOptions.Parse(["--writes-only"]).Reads);
    }

    [Theory]
    [InlineData("replicated", new[] { "replicated write" }, new[] { "replicated read" })]
    [InlineData("postgresql", new[] { "PostgreSQL grain" }, new string[0])]
    [InlineData("plain", new string[0], new[] { "plain call", "plain call, no plug-in" })]
    public void Only_MayLeaveAGroupEmpty(string part, string[] writes, string[] reads)
    {
        var options = BenchmarkOptions.Parse(["--only", part]);
        Assert.Equal(writes, options.Writes);
        Assert.Equal(reads, options.Reads);
    }

    [Theory]
    [InlineData("--only", "nonsense")]
    [InlineData("--only", "read", "--writes-only")]
    public async Task NothingLeftToMeasure_IsSaidAtOnce_WithExitCode2(params string[] args)
    {
        var error = Assert.Throws<FormatException>(() => BenchmarkOptions.Parse(args));
        Assert.StartsWith($"Nothing would be measured: no name{(args.Length > 2 ? " of a write" : "")} has '{args[1]}' in it. There are 'replicated write', ", error.Message);

        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "Orleans.MasterSlave.Benchmarks.dll") },
        };
        foreach (var arg in args) start.ArgumentList.Add(arg);
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((2, "", error.Message), (process.ExitCode, await output, (await errors).TrimEnd()));
    }
}
