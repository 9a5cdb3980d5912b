using Orleans.Concurrency;

namespace Orleans.MasterSlave.Benchmarks.Grains;

/// <summary>What every contender does: takes 64 bytes, counts them, answers the count.</summary>
[Alias("bench.IBox")]
public interface IBox : IGrainWithStringKey
{
    [Alias("put")] Task<long> Put(byte[] content);
    [Alias("count"), ReadOnly] Task<long> Count();
}

[Alias("bench.IReplicatedBox")]
public interface IReplicatedBox : IBox;

[Alias("bench.IPostgresBox")]
public interface IPostgresBox : IBox;

/// <summary>Holds its content in memory only.</summary>
[Alias("bench.IPlainBox")]
public interface IPlainBox : IBox
{
    /// <summary>The silo that it is on.</summary>
    [Alias("where")] Task<string> Where();
}

/// <summary>Passes everything on to a plain box, on another silo.</summary>
[Alias("bench.IRelayBox")]
public interface IRelayBox : IPlainBox
{
    [Alias("link")] Task Link(string next);
}

[GenerateSerializer, Alias("bench.box-content")]
public sealed class BoxContent
{
    [Id(0)] public long Count { get; set; }
    [Id(1)] public byte[] Last { get; set; } = [];

    public long Put(byte[] content)
    {
        Last = content;
        return ++Count;
    }
}
