using Microsoft.Extensions.Options;
using Orleans.MasterSlave;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Liveness;

namespace Orleans.Hosting;

/// <summary>Checks the options before the silo starts; each error names the option and what to do.</summary>
internal sealed class MasterSlaveOptionsValidator(IOptions<MasterSlaveOptions> options) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        var o = options.Value;
        Demand(!string.IsNullOrWhiteSpace(o.LogDirectory), nameof(o.LogDirectory), "must name a folder on a local disk, one for each silo: silo.AddMasterSlave(o => o.LogDirectory = \"...\")");
        Demand(!o.LogDirectory.StartsWith('~'), nameof(o.LogDirectory), $"must not begin with '~': only a shell knows what '{o.LogDirectory}' is");
        Demand(o.HeartbeatInterval >= TimeSpan.FromMilliseconds(10) && o.HeartbeatInterval <= TimeSpan.FromSeconds(10), nameof(o.HeartbeatInterval), "must be 10 ms to 10 s");
        Demand(o.LeaseDuration >= o.HeartbeatInterval * 3, nameof(o.LeaseDuration), $"must be at least three heartbeat intervals ({o.HeartbeatInterval * 3})");
        var least = new LivenessTimes { LeaseDuration = o.LeaseDuration }.LeastPromotionWait + o.HeartbeatInterval / 2;
        Demand(o.PromotionWait >= least, nameof(o.PromotionWait), $"must be at least LeaseDuration · 1.02 / 0.98 plus half a heartbeat interval ({least})");
        Demand(o.MaxStaleness >= o.HeartbeatInterval * 5, nameof(o.MaxStaleness), "must be at least five heartbeat intervals: a slave learns no sooner that it is up to date");
        Demand(o.MaxOperationsInFlight is >= 1 and <= 1_000_000, nameof(o.MaxOperationsInFlight), "must be 1 to 1,000,000");
        Demand(o.LogSegmentBytes is >= 1 << 20 and <= WriteAheadLogOptions.MaxSegmentBytes, nameof(o.LogSegmentBytes), "must be 1 MiB to 512 MiB");
        Demand(o.LogMemoryBytes >= 0, nameof(o.LogMemoryBytes), "must be 0 or more");
        Demand(o.LogRewriteBytesPerSecond >= 1 << 20, nameof(o.LogRewriteBytesPerSecond), "must be at least 1 MiB");
        Demand(o.MaxOperationBytes >= 1_024, nameof(o.MaxOperationBytes), "must be at least 1 KiB");
        Demand(o.MaxOperationBytes <= o.LogSegmentBytes / 8, nameof(o.MaxOperationBytes), $"must be at most an eighth of LogSegmentBytes ({o.LogSegmentBytes / 8:N0})");
        Demand(o.MaxBytesInFlight >= o.MaxOperationBytes, nameof(o.MaxBytesInFlight), "must be at least MaxOperationBytes");
        Demand(o.MaxSlaveLagEntries >= 1_000, nameof(o.MaxSlaveLagEntries), "must be at least 1,000");
        Demand(o.MaxSlaveLagBytes >= o.MaxBytesInFlight, nameof(o.MaxSlaveLagBytes), "must be at least MaxBytesInFlight: what is in flight is not behind yet");
        Demand(o.SnapshotEveryOperations >= 1, nameof(o.SnapshotEveryOperations), "must be at least 1");
        Demand(o.SnapshotEveryBytes >= 1, nameof(o.SnapshotEveryBytes), "must be at least 1");
        Demand(o.SessionRetention >= TimeSpan.FromMinutes(10), nameof(o.SessionRetention), "must be at least 10 minutes: longer than any client retries");
        Demand(o.MaxSessions >= 1, nameof(o.MaxSessions), "must be at least 1");
        Demand(o.ApplyTimeout > TimeSpan.Zero, nameof(o.ApplyTimeout), "must be positive");
        Demand(o.TurnTimeout > TimeSpan.Zero, nameof(o.TurnTimeout), "must be positive");
        Demand(o.LogStallTimeout >= TimeSpan.FromMilliseconds(100), nameof(o.LogStallTimeout), "must be at least 100 ms");
        Demand(o.NodeLeaseDuration >= TimeSpan.FromSeconds(2) && o.NodeLeaseDuration <= TimeSpan.FromMinutes(2), nameof(o.NodeLeaseDuration), "must be 2 s to 2 minutes");
        Demand(o.ApplicationVersion is not { Length: > 200 }, nameof(o.ApplicationVersion), "must have 200 characters at most");
        Demand(o.StopSnapshotLimit >= TimeSpan.Zero && o.StopSnapshotLimit <= TimeSpan.FromMinutes(10), nameof(o.StopSnapshotLimit), "must be 0 to 10 minutes");
        Demand(o.DigestEveryOperations is 0 or >= 10, nameof(o.DigestEveryOperations), "must be 0 (never), or at least 10");
        Demand(Enum.IsDefined(o.StoreOutage), nameof(o.StoreOutage), $"must be one of {string.Join(", ", Enum.GetNames<StoreOutageBehavior>())}");
        Demand(o.GroupStoreTimeout >= TimeSpan.FromMilliseconds(100) && o.GroupStoreTimeout <= TimeSpan.FromMinutes(1), nameof(o.GroupStoreTimeout), "must be 100 ms to 1 minute");
    }

    private static void Demand(bool holds, string option, string rule)
    {
        if (!holds) throw new MasterSlaveConfigurationException($"{nameof(MasterSlaveOptions)}.{option} {rule}.");
    }
}
