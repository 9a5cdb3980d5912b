using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Diagnostics;

public sealed class ReplayedVersionsTests
{
    [Fact]
    public async Task GroupsThatReplayAnotherVersion_AreToldOnce_WithTheirNumber()
    {
        var (time, log) = (new FakeTimeProvider(), new RecordedLog());
        var versions = new ReplayedVersions("2.0", time, log);
        var told = versions.RunAsync(TestContext.Current.CancellationToken);
        versions.Applies(Group("a"), "1.0");
        versions.Applies(Group("a"), "1.0");
        versions.Applies(Group("b"), "1.1");
        Assert.Empty(log.Lines);
        while (!told.IsCompleted)
        {
            time.Advance(ReplayedVersions.Quiet);
            await Task.Yield();
        }

        await told;
        var line = Assert.Single(log.Lines).Message;
        Assert.Contains("2 groups", line, StringComparison.Ordinal);
        Assert.Contains("1.0, 1.1", line, StringComparison.Ordinal);
        Assert.Contains("this is version 2.0", line, StringComparison.Ordinal);
        versions.Applies(Group("c"), "0.9");
        Assert.Single(log.Lines);
    }

    private static GroupId Group(string key) => new(GrainId.Create("test", key));
}
