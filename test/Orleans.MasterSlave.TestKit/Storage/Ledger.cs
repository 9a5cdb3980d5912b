namespace Orleans.MasterSlave.TestKit;

/// <summary>A grain state with something of everything that a storage has to bring back unchanged.</summary>
[GenerateSerializer, Alias("Orleans.MasterSlave.TestKit.Ledger")]
public sealed class Ledger
{
    [Id(0)]
    public long Number { get; set; }

    [Id(1)]
    public string Text { get; set; } = "";

    [Id(2)]
    public byte[] Bytes { get; set; } = [];
}
