using Bank.Cluster;
using Bank.Load;
using Bank.Silos;

namespace Bank.Screen;

/// <summary>Draws the picture of the run together. Used by the screen's loop only.</summary>
internal sealed class RunPictureSource(SiloFleet fleet, CallStatistics statistics, int total, TimeProvider time)
{
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(1);

    private long _sampledAt = time.GetTimestamp();
    private long _sampledCount;
    private double _rate;
    private (double MedianMs, double MaxMs) _latencies;

    /// <summary>What the run does at the moment.</summary>
    public string Phase { get; set; } = "";

    // Set by the run as these come to be.
    public ClusterMonitor? Monitor { get; set; }
    public Teller? Teller { get; set; }
    public Pacer? Pacer { get; set; }

    public RunPicture Take()
    {
        Sample();
        var groups = Monitor?.Groups ?? [];
        return new RunPicture
        {
            Phase = Phase,
            Elapsed = Pacer?.Elapsed ?? TimeSpan.Zero,
            Done = Teller?.Done ?? 0,
            Total = total,
            OperationsPerSecond = _rate,
            MedianMs = _latencies.MedianMs,
            MaxMs = _latencies.MaxMs,
            Failed = statistics.Failed,
            GroupsInSync = Monitor?.InSync ?? 0,
            Groups = Monitor?.Total ?? 0,
            Silos = [.. fleet.Silos.Select(silo => Row(silo, groups))],
        };
    }

    private static SiloRow Row(SiloProcess silo, IReadOnlyCollection<GroupPicture> groups)
    {
        var name = silo.Settings.Name;
        ReplicaPicture[] hosted = [.. groups.SelectMany(group => group.Replicas).Where(replica => replica.Silo == name)];
        return new SiloRow(
            name,
            silo.State.ToString().ToLowerInvariant(),
            groups.Count(group => group.Master == name),
            hosted.Length,
            hosted.Count(replica => replica.InSync),
            hosted.Max(replica => replica.Behind));
    }

    private void Sample()
    {
        var since = time.GetElapsedTime(_sampledAt);
        if (since < RateWindow) return;
        var count = statistics.Acknowledged;
        _rate = (count - _sampledCount) / since.TotalSeconds;
        _latencies = statistics.TakeLatencies();
        (_sampledAt, _sampledCount) = (time.GetTimestamp(), count);
    }
}
