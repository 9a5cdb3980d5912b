using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>A wrong option keeps the silo from starting, and is named.</summary>
public sealed class MasterSlaveOptionsTests
{
    public static TheoryData<string, Action<MasterSlaveOptions>> Wrong => new()
    {
        { nameof(MasterSlaveOptions.LogDirectory), o => o.LogDirectory = " " },
        { nameof(MasterSlaveOptions.LogDirectory), o => o.LogDirectory = "~/log" },
        { nameof(MasterSlaveOptions.HeartbeatInterval), o => o.HeartbeatInterval = TimeSpan.FromMilliseconds(9) },
        { nameof(MasterSlaveOptions.LeaseDuration), o => o.LeaseDuration = o.HeartbeatInterval * 2 },
        { nameof(MasterSlaveOptions.PromotionWait), o => o.PromotionWait = o.LeaseDuration },
        { nameof(MasterSlaveOptions.MaxStaleness), o => o.MaxStaleness = o.HeartbeatInterval },
        { nameof(MasterSlaveOptions.MaxOperationsInFlight), o => o.MaxOperationsInFlight = 0 },
        { nameof(MasterSlaveOptions.MaxOperationBytes), o => o.MaxOperationBytes = 1023 },
        { nameof(MasterSlaveOptions.MaxOperationBytes), o => o.MaxOperationBytes = o.LogSegmentBytes / 8 + 1 }, // the log would never take it
        { nameof(MasterSlaveOptions.MaxOperationBytes), o => o.LogSegmentBytes = 1 << 20 },
        { nameof(MasterSlaveOptions.MaxBytesInFlight), o => o.MaxBytesInFlight = o.MaxOperationBytes - 1 },
        { nameof(MasterSlaveOptions.MaxSlaveLagEntries), o => o.MaxSlaveLagEntries = 999 },
        { nameof(MasterSlaveOptions.MaxSlaveLagBytes), o => o.MaxSlaveLagBytes = o.MaxBytesInFlight - 1 },
        { nameof(MasterSlaveOptions.SnapshotEveryOperations), o => o.SnapshotEveryOperations = 0 },
        { nameof(MasterSlaveOptions.SnapshotEveryBytes), o => o.SnapshotEveryBytes = 0 },
        { nameof(MasterSlaveOptions.SessionRetention), o => o.SessionRetention = TimeSpan.FromMinutes(9) },
        { nameof(MasterSlaveOptions.MaxSessions), o => o.MaxSessions = 0 },
        { nameof(MasterSlaveOptions.ApplyTimeout), o => o.ApplyTimeout = TimeSpan.Zero },
        { nameof(MasterSlaveOptions.TurnTimeout), o => o.TurnTimeout = TimeSpan.Zero },
        { nameof(MasterSlaveOptions.GroupStoreTimeout), o => o.GroupStoreTimeout = TimeSpan.FromMilliseconds(99) },
        { nameof(MasterSlaveOptions.GroupStoreTimeout), o => o.GroupStoreTimeout = TimeSpan.FromSeconds(61) },
        { nameof(MasterSlaveOptions.NodeLeaseDuration), o => o.NodeLeaseDuration = TimeSpan.FromMilliseconds(1_999) },
        { nameof(MasterSlaveOptions.NodeLeaseDuration), o => o.NodeLeaseDuration = TimeSpan.FromSeconds(121) },
        { nameof(MasterSlaveOptions.StoreOutage), o => o.StoreOutage = (StoreOutageBehavior)2 },
        { nameof(MasterSlaveOptions.LogStallTimeout), o => o.LogStallTimeout = TimeSpan.FromMilliseconds(99) },
        { nameof(MasterSlaveOptions.LogSegmentBytes), o => o.LogSegmentBytes = (1 << 20) - 1 },
        { nameof(MasterSlaveOptions.LogSegmentBytes), o => o.LogSegmentBytes = (512 << 20) + 1 },
        { nameof(MasterSlaveOptions.LogMemoryBytes), o => o.LogMemoryBytes = -1 },
        { nameof(MasterSlaveOptions.LogRewriteBytesPerSecond), o => o.LogRewriteBytesPerSecond = 1023 },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void WrongOption_IsNamed(string option, Action<MasterSlaveOptions> spoil)
    {
        var options = Sound();
        spoil(options);
        Assert.StartsWith($"MasterSlaveOptions.{option} must ", Assert.Throws<MasterSlaveConfigurationException>(() => Validate(options)).Message);
    }

    [Fact]
    public void Defaults_ButForTheFolder_AreSound() => Validate(Sound());

    [Fact]
    public void FileSystemOfTheLogDirectory_IsKnown_BeforeTheDirectoryIsMade()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Directory.Exists("/dev/shm"), "needs a file system in memory");
        Assert.Equal("tmpfs", LogPlaceCheck.FileSystemOf("/dev/shm/not/there/yet"));
        Assert.NotEqual("tmpfs", LogPlaceCheck.FileSystemOf(AppContext.BaseDirectory));
    }

    [Fact]
    public void RelativeLogDirectory_IsWarnedOf_WithWhereItIs()
    {
        var log = new FakeLogger<LogPlaceCheck>();
        new LogPlaceCheck(Options.Create(new MasterSlaveOptions { LogDirectory = "data/log" }), log).ValidateConfiguration();
        Assert.Contains($"is {Path.GetFullPath("data/log")} now", Assert.Single(log.Collector.GetSnapshot()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LogDirectoryInMemory_IsWarnedOf()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Directory.Exists("/dev/shm"), "needs a file system in memory");
        var log = new FakeLogger<LogPlaceCheck>();
        foreach (var place in new[] { AppContext.BaseDirectory, "/dev/shm/log" })
            new LogPlaceCheck(Options.Create(new MasterSlaveOptions { LogDirectory = place }), log).ValidateConfiguration();
        var warning = Assert.Single(log.Collector.GetSnapshot());
        Assert.Equal(LogLevel.Warning, warning.Level);
        Assert.Contains("/dev/shm/log is in memory", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SmallestAndLargestLogFile_AreSound()
    {
        foreach (var bytes in new[] { 1 << 20, 512 << 20 })
        {
            var options = Sound();
            (options.LogSegmentBytes, options.MaxOperationBytes, options.LogMemoryBytes) = (bytes, bytes / 8, 0);
            options.MaxSlaveLagBytes = options.MaxBytesInFlight = Math.Max(options.MaxBytesInFlight, options.MaxOperationBytes);
            Validate(options);
        }
    }

    private static MasterSlaveOptions Sound() => new() { LogDirectory = Path.GetFullPath("somewhere") };

    private static void Validate(MasterSlaveOptions options) => new MasterSlaveOptionsValidator(Options.Create(options)).ValidateConfiguration();
}
