using System.Globalization;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>Runs histories of one kind, each from a seed that is told when it fails; a few, or for minutes as test/long-log-test.sh asks.</summary>
internal static class Histories
{
    /// <summary>Those of the seeds from 0 on.</summary>
    public static async Task RunAsync(string kind, int count, Func<int, Task> run)
    {
        for (var seed = 0; seed < count; seed++) await RunOneAsync(kind, seed, run);
    }

    /// <summary>From a random seed on, for LOG_TEST_MINUTES; or that of LOG_TEST_SEED and no other.</summary>
    /// <returns>How many, and from which seed on, in words.</returns>
    public static async Task<string> RunForMinutesAsync(string kind, Func<int, Task> run)
    {
        var only = Number("LOG_TEST_SEED");
        var minutes = only is null ? Number("LOG_TEST_MINUTES") ?? 2 : 0;
        var started = TimeProvider.System.GetTimestamp();
        var first = (int)(only ?? Random.Shared.Next());
        var seed = first;
        do
        {
            await RunOneAsync(kind, seed, run);
            seed = unchecked(seed + 1);
        }
        while (TimeProvider.System.GetElapsedTime(started).TotalMinutes < minutes);
        return $"{unchecked(seed - first)} histories ({kind}) from seed {first} on: whole";
    }

    private static async Task RunOneAsync(string kind, int seed, Func<int, Task> run)
    {
        try
        {
            await run(seed);
        }
        catch (Exception)
        {
            Console.WriteLine($"seed {seed} failed: test/long-log-test.sh --seed {kind} {seed} runs it again");
            throw;
        }
    }

    private static double? Number(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : null;
}
