using Microsoft.Extensions.Logging.Abstractions;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.LogWorker;

/// <summary>Recovers a log and compares it with the plans: each group is where it was confirmed to be, or one step further, or in the middle of that step.</summary>
internal static class Checker
{
    public static async Task<int> RunAsync(string path, int groups, Confirmed confirmed)
    {
        var wrong = 0;
        using var directory = LogDirectory.Open(path);
        await using var log = WriteAheadLog.Open(directory, Plan.Options, TimeProvider.System, NullLogger.Instance);
        for (var group = 0; group < groups; group++)
        {
            if (Find(log, group, confirmed.Of(group), out var found) is { } steps)
            {
                Console.Out.Write($"{Confirmed.Line(group, steps)}\n");
                continue;
            }

            wrong++;
            Console.Error.WriteLine($"group {group} after {confirmed.Of(group)} confirmed steps should be\n{Plan.After(group, confirmed.Of(group)).Describe()}\nbut is\n{found}");
        }

        return wrong == 0 ? 0 : 1;
    }

    /// <summary>The number of steps that a group's log holds in full; null when it is not what it must be.</summary>
    public static int? Find(WriteAheadLog log, int group, int confirmed, out string found)
    {
        IReplicaLog replica;
        try
        {
            replica = log.OpenReplica(Plan.GroupOf(group));
        }
        catch (LogDamagedException ex)
        {
            found = ex.Message;
            return null;
        }

        found = Plan.Describe(replica, int.MaxValue);
        if (replica.DurableIndex != replica.Last.Index) return null;
        var (before, after) = (Plan.After(group, confirmed), Plan.After(group, confirmed + 1));
        if (found == after.Describe()) return confirmed + 1;
        for (var entries = before.Entries; entries < Math.Max(before.Entries + 1, after.Entries); entries++)
        {
            if (found == (entries == before.Entries ? before.Describe() : after.Describe(entries))) return confirmed;
        }

        return null;
    }
}
