using Bank.Options;
using Xunit;

namespace Orleans.MasterSlave.Tests.Bank;

public sealed class OptionParserTests
{
    [Fact]
    public void Parse_WithoutArguments_GivesDefaults() => Assert.Equal(new BankOptions(), OptionParser.Parse([]));

    [Fact]
    public void Parse_WithEveryOption_TakesThemInBothForms()
    {
        var options = OptionParser.Parse(
            ["--mode", "async", "--fault=stop", "--seconds", "9", "--accounts=7", "--callers", "5", "--silos=4", "--input", "a b.csv", "--data=/x=y",
                "--isolate=everybody", "--direction", "out", "--seed", "12"]);
        Assert.Equal(
            new BankOptions
            {
                Mode = BankMode.Async, Fault = FaultKind.Stop, Seconds = 9, Accounts = 7, Callers = 5, Silos = 4, Input = "a b.csv", Data = "/x=y",
                Isolate = IsolateFrom.Everybody, Direction = CutDirection.Out, Seed = 12,
            },
            options);
    }

    [Theory]
    [InlineData("disk-error", FaultKind.DiskError)]
    [InlineData("disk-hang", FaultKind.DiskHang)]
    [InlineData("all", FaultKind.All)]
    [InlineData("two", FaultKind.Two)]
    [InlineData("isolate", FaultKind.Isolate)]
    [InlineData("random", FaultKind.Random)]
    [InlineData("none", FaultKind.None)]
    public void Parse_TakesEachFault(string name, object fault) => Assert.Equal(fault, OptionParser.Parse(["--fault", name]).Fault);

    [Fact]
    public void Parse_WithFaultAfterFault_TakesLongerUnlessTold()
    {
        Assert.Equal(BankOptions.RandomSeconds, OptionParser.Parse(["--fault", "random"]).Seconds);
        Assert.Equal(20, OptionParser.Parse(["--seconds", "20", "--fault", "random"]).Seconds);
    }

    [Theory]
    [InlineData("--isolate", "nobody")]
    [InlineData("--direction", "up")]
    [InlineData("--seed", "x")]
    [InlineData("--bogus")]
    [InlineData("stray")]
    [InlineData("--mode")]
    [InlineData("--mode", "both")]
    [InlineData("--mode=")]
    [InlineData("--fault", "Kill")]
    [InlineData("--seconds", "2")]
    [InlineData("--seconds", "-5")]
    [InlineData("--seconds", "1.5")]
    [InlineData("--accounts", "1")]
    [InlineData("--callers", "0")]
    [InlineData("--silos", "1")]
    [InlineData("--silos", "99999999999")]
    [InlineData("--silos", "3", "--silos", "4")]
    public void Parse_WithBadArguments_IsRefused(params string[] arguments) => Assert.Throws<UsageException>(() => OptionParser.Parse(arguments));
}
