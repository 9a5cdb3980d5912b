using Xunit;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>Rewritings in the middle of which groups go on and the power fails, from seeds.</summary>
public sealed class RewriteHistoryTests
{
    private const string Kind = "rewriting";
    private int _checks, _gone;

    [Fact]
    public async Task Rewriting_BesideAnything_ChangesNothing()
    {
        await Histories.RunAsync(Kind, 25, RunAsync);
        Assert.True(_gone > 0, "nothing was rewritten");
    }

    [Fact(Explicit = true)]
    public async Task Histories_ForMinutes() => Console.WriteLine($"{await Histories.RunForMinutesAsync(Kind, RunAsync)}; {_checks} crashes, {_gone} files went");

    private async Task RunAsync(int seed)
    {
        var history = new RewriteHistory(seed);
        await history.RunAsync();
        (_checks, _gone) = (_checks + history.Checks, _gone + history.Gone);
    }
}
