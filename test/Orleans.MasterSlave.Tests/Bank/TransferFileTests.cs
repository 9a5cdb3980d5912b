using Bank.Load;
using Bank.Options;
using Xunit;

namespace Orleans.MasterSlave.Tests.Bank;

public sealed class TransferFileTests
{
    [Fact]
    public void Parse_WithHeaderAndEmptyLines_ReadsTransfers()
    {
        var transfers = TransferFile.Parse(["id,from,to,amount", "1,alice,bob,12.50", "", " 2 , bob , alice , 3 "], "file");
        Assert.Equal([new Transfer("1", "alice", "bob", 12.50m), new Transfer("2", "bob", "alice", 3m)], transfers);
    }

    [Fact]
    public void Parse_WithoutHeader_ReadsTheFirstLine() => Assert.Single(TransferFile.Parse(["1,alice,bob,12.50"], "file"));

    [Theory]
    [InlineData("2,a,b")]
    [InlineData("2,a,b,1,5")]
    [InlineData("2,a,b,")]
    [InlineData("2,a,b,x")]
    [InlineData("2,a,b,-1")]
    [InlineData("2,a,b,0")]
    [InlineData("2,a,b,1e3")]
    [InlineData("2,a,b,9999999999999")]
    [InlineData(",a,b,1")]
    [InlineData("2,,b,1")]
    [InlineData("2,a,,1")]
    [InlineData("2,a,a,1")]
    [InlineData("2,\"a\",b,1")]
    [InlineData("1,a,b,1")]
    [InlineData("id,from,to,amount")]
    public void Parse_WithMalformedLine_NamesItsNumber(string line)
    {
        var error = Assert.Throws<UsageException>(() => TransferFile.Parse(["id,from,to,amount", "1,a,b,1", "", line, "3,a,b,1"], "my.csv"));
        Assert.StartsWith("my.csv, line 4: ", error.Message);
    }

    [Fact]
    public void Parse_WithMoreAccountsThanAllowed_NamesTheLine()
    {
        var error = Assert.Throws<UsageException>(() => TransferFile.Parse(["1,a,b,1", "2,a,c,1"], "my.csv", maxAccounts: 2));
        Assert.StartsWith("my.csv, line 2: ", error.Message);
    }

    [Fact]
    public void Parse_WithoutTransfers_IsRefused() => Assert.Throws<UsageException>(() => TransferFile.Parse(["id,from,to,amount"], "file"));

    [Fact]
    public void Read_WithMissingFile_IsRefused() => Assert.Throws<UsageException>(() => TransferFile.Read("/no/such/file.csv"));

    [Fact]
    public void ShippedFile_IsWhatTheGeneratorMakes()
    {
        var shipped = TransferFile.Read(Path.Combine(AppContext.BaseDirectory, "transfers.csv"));
        Assert.Equal(TransferGenerator.Make(TransferGenerator.ShippedCount, BankOptions.ShippedAccounts), shipped);
    }

    [Fact]
    public void Generator_ForTwoAccounts_MakesTransfersThatCanBeRead()
    {
        var made = TransferGenerator.Make(50, 2).ToList();
        Assert.Equal(made, TransferFile.Parse(made.Select(t => FormattableString.Invariant($"{t.Id},{t.From},{t.To},{t.Amount}")), "made", maxAccounts: 2));
    }
}
