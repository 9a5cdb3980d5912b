using Bank.Network;
using Bank.Options;
using Xunit;

namespace Orleans.MasterSlave.Tests.Bank;

public sealed class WiresTests
{
    private const int Silos = 3;

    [Theory]
    [InlineData(IsolateFrom.Silos, CutDirection.Both, "1>2 1>3 2>1 3>1")]
    [InlineData(IsolateFrom.Silos, CutDirection.Out, "1>2 1>3")]
    [InlineData(IsolateFrom.Clients, CutDirection.In, "0>1")]
    [InlineData(IsolateFrom.Clients, CutDirection.Both, "0>1 1>0")]
    [InlineData(IsolateFrom.Everybody, CutDirection.In, "0>1 2>1 3>1")]
    public void Of_NamesTheWiresOfOneSilo(object others, object direction, string expected)
    {
        var wires = new Wires();
        foreach (var wire in wires.Of(1, Silos, (IsolateFrom)others, (CutDirection)direction)) wire.Cut();

        var cut = from one in Enumerable.Range(0, Silos + 1)
            from other in Enumerable.Range(0, Silos + 1)
            where one != other && wires.Between(one, other).IsCut
            select $"{one}>{other}";
        Assert.Equal(expected, string.Join(' ', cut));

        wires.MendAll();
        Assert.DoesNotContain(wires.Of(1, Silos, IsolateFrom.Everybody, CutDirection.Both), wire => wire.IsCut);
    }
}
