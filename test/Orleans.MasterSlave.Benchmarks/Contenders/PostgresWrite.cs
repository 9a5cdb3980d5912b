using Orleans.MasterSlave.Benchmarks.Cluster;
using Orleans.MasterSlave.Benchmarks.Grains;
using Orleans.MasterSlave.Benchmarks.Measuring;

namespace Orleans.MasterSlave.Benchmarks.Contenders;

/// <summary>What is done without the plug-in: a grain that writes its state to PostgreSQL before it answers.</summary>
internal sealed class PostgresWrite(SiloPair silos) : Contender(ContenderNames.PostgresWrite)
{
    public override bool Takes(Load load) => true;

    protected override async Task<IBox> PrepareAsync(string key, int number)
    {
        var box = silos.Client.GetGrain<IPostgresBox>(key);
        await box.Put(Content);
        return box;
    }
}
