using Orleans.MasterSlave.Benchmarks.Cluster;
using Orleans.MasterSlave.Benchmarks.Grains;
using Orleans.Runtime.Placement;

namespace Orleans.MasterSlave.Benchmarks.Contenders;

/// <summary>Calls of grains that store nothing.</summary>
internal abstract class PlainCalls(string name, SiloPair silos) : Contender(name)
{
    protected SiloPair Silos => silos;

    /// <summary>Activates the grain on a given silo.</summary>
    protected async Task<T> PlaceAsync<T>(string key, SiloAddress silo) where T : IPlainBox
    {
        var box = silos.Client.GetGrain<T>(key);
        string where;
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        try
        {
            where = await box.Where();
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }

        return where == silo.ToParsableString() ? box : throw new InvalidOperationException($"{key} is on {where} instead of {silo}.");
    }
}

/// <summary>Client → silo A → silo B and back: the way of a replicated write without its disks. Half of the grains the one way round, half the other.</summary>
internal sealed class PlainChain(SiloPair silos) : PlainCalls(ContenderNames.PlainChain, silos)
{
    protected override async Task<IBox> PrepareAsync(string key, int number)
    {
        var first = number % 2;
        var next = await PlaceAsync<IPlainBox>($"{key}-next", Silos.Silos[1 - first]);
        var relay = await PlaceAsync<IRelayBox>(key, Silos.Silos[first]);
        await relay.Link(next.GetPrimaryKeyString());
        await relay.Put(Content);
        return relay;
    }
}

/// <summary>Reads of a grain on one silo.</summary>
internal sealed class PlainRead(SiloPair silos, string name) : PlainCalls(name, silos)
{
    protected override async Task<IBox> PrepareAsync(string key, int number) => await PlaceAsync<IPlainBox>($"{key}-read", Silos.Silos[number % 2]);

    protected override Task CallAsync(IBox box) => box.Count();
}
