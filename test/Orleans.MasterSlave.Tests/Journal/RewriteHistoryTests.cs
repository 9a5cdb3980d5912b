using System.Globalization;
using Xunit;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>Rewritings in the middle of which groups go on and the power fails, from seeds.</summary>
public sealed class RewriteHistoryTests(ITestOutputHelper output)
{
    [Fact]
    public Task Rewriting_BesideAnything_ChangesNothing() => RunAsync(0, (seed, _) => seed < 25);

    [Fact(Explicit = true)]
    public Task Rewriting_ForMinutes()
    {
        var minutes = Number("LOG_TEST_MINUTES") ?? 2;
        return RunAsync((int)(Number("LOG_TEST_REWRITING_SEED") ?? Random.Shared.Next()), (_, elapsed) => elapsed.TotalMinutes < minutes);
    }

    private async Task RunAsync(int first, Func<int, TimeSpan, bool> goesOn)
    {
        var started = TimeProvider.System.GetTimestamp();
        var (seed, checks, gone) = (first, 0, 0);
        for (; goesOn(seed, TimeProvider.System.GetElapsedTime(started)); seed = unchecked(seed + 1))
        {
            try
            {
                var history = new RewriteHistory(seed);
                await history.RunAsync();
                (checks, gone) = (checks + history.Checks, gone + history.Gone);
            }
            catch (Exception)
            {
                Console.WriteLine($"rewriting, seed {seed} failed: test/long-log-test.sh --rewriting-seed {seed} begins with it");
                output.WriteLine($"seed {seed} failed");
                throw;
            }
        }

        Console.WriteLine($"{unchecked(seed - first)} histories of rewriting from seed {first} on: whole; {checks} crashes, {gone} files went");
        Assert.True(gone > 0, "nothing was rewritten");
    }

    private static double? Number(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : null;
}
