using System.Diagnostics;
using Orleans.MasterSlave.Benchmarks.Cluster;
using Orleans.MasterSlave.Benchmarks.Grains;
using Orleans.MasterSlave.Benchmarks.Measuring;

namespace Orleans.MasterSlave.Benchmarks.Contenders;

/// <summary>Operations of a grain with two replicas, durable on both before they are answered.</summary>
internal class ReplicatedWrite(SiloPair silos, string name = ContenderNames.ReplicatedWrite) : Contender(name)
{
    private static readonly TimeSpan InSyncLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(20);

    public override bool Takes(Load load) => true;

    protected override async Task<IBox> PrepareAsync(string key, int number)
    {
        var box = silos.Client.GetGrain<IReplicatedBox>(key);
        var start = Stopwatch.GetTimestamp();
        while (!await IsInSyncAsync(box))
        {
            if (Stopwatch.GetElapsedTime(start) > InSyncLimit) throw new TimeoutException($"The replicas of {key} are not in sync after {InSyncLimit}.");
            await Task.Delay(RetryPause);
        }

        await box.Put(Content);
        return box;
    }

    private async Task<bool> IsInSyncAsync(IReplicatedBox box)
    {
        try
        {
            await box.Put(Content);
        }
        catch (TooFewInSyncException)
        {
            return false; // its slave is still joining
        }

        return (await silos.Diagnostics.GetReplicasAsync(box)).Count(replica => replica.IsInSync) == 2;
    }
}

/// <summary>Reads of such a grain, which both replicas answer in turn.</summary>
internal sealed class ReplicatedRead(SiloPair silos) : ReplicatedWrite(silos, ContenderNames.ReplicatedRead)
{
    public override bool Takes(Load load) => !load.IsHot;

    protected override Task CallAsync(IBox box) => box.Count();
}
