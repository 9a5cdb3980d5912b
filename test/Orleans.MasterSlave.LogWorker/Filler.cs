using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.LogWorker;

/// <summary>Fills a small disk: appends are refused, nothing confirmed is lost, and when there is room again the log goes on by itself (D5).</summary>
internal static class Filler
{
    private const int EntriesAfter = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(string path, string ballast)
    {
        var expected = await WriteAsync(path, ballast);
        using var directory = LogDirectory.Open(path);
        await using var log = WriteAheadLog.Open(directory, Plan.Options, TimeProvider.System, NullLogger.Instance);
        var found = log.OpenReplica(Plan.GroupOf(0)).Read(new LogIndex(1), int.MaxValue, int.MaxValue).Select(entry => Encoding.UTF8.GetString(entry.Payload));
        if (!found.SequenceEqual(expected)) throw new InvalidOperationException("The log does not hold what it confirmed.");
        Console.WriteLine($"{expected.Count} entries confirmed, all there");
        return 0;
    }

    private static async Task<List<string>> WriteAsync(string path, string ballast)
    {
        using var directory = LogDirectory.Open(path);
        await using var log = WriteAheadLog.Open(directory, Plan.Options, TimeProvider.System, NullLogger.Instance);
        var replica = log.OpenReplica(Plan.GroupOf(0));
        List<string> confirmed = [];
        while (await TryAppendAsync(replica, confirmed)) { }
        var full = replica.Last;
        Console.WriteLine($"full after {confirmed.Count} entries");
        for (var i = 0; i < 20; i++)
        {
            if (await TryAppendAsync(replica, confirmed) || replica.Last != full) throw new InvalidOperationException("A full log took an entry.");
        }

        await replica.PromiseAsync(new Epoch(7), Plan.Birth); // small records still have room
        File.Delete(ballast);
        var started = TimeProvider.System.GetTimestamp();
        while (!await TryAppendAsync(replica, confirmed))
        {
            if (TimeProvider.System.GetElapsedTime(started) > Patience) throw new TimeoutException("There is room again, but the log does not go on.");
            await Task.Delay(10);
        }

        for (var i = 0; i < EntriesAfter; i++)
        {
            if (!await TryAppendAsync(replica, confirmed)) throw new InvalidOperationException("Full again.");
        }

        return confirmed;
    }

    private static async Task<bool> TryAppendAsync(IReplicaLog replica, List<string> confirmed)
    {
        var text = $"{replica.Last.Index.Value + 1} {new string('x', 500)}";
        try
        {
            await replica.AppendAsync([new LogEntry
            {
                Kind = EntryKind.Operation,
                Position = new LogPosition(new Epoch(1), replica.Last.Index.Next()),
                TimeUtc = DateTime.UnixEpoch,
                Payload = Encoding.UTF8.GetBytes(text),
            }]);
            confirmed.Add(text);
            return true;
        }
        catch (LogFullException)
        {
            return false;
        }
    }
}
