using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.LogWorker;

/// <summary>
/// A write of the log that the system does only in part: the process may not write beyond a place in the middle of a batch. Linux only.
/// </summary>
internal static partial class Shortener
{
    private const int FileSizeLimit = 1, FileSizeSignal = 25, Ignore = 1;
    private const int EntryBytes = 500, Batches = 5, LastBatch = 20, WrittenOfLastBatch = 3000;

    /// <summary>Confirmed entries, then a batch of which so much is written, then one more try; prints the number of confirmed entries.</summary>
    public static async Task<int> RunAsync(string path)
    {
        using var directory = LogDirectory.Open(path);
        await using var log = WriteAheadLog.Open(directory, Plan.Options, TimeProvider.System, NullLogger.Instance);
        var replica = log.OpenReplica(Plan.GroupOf(0));
        for (var batch = 0; batch < Batches; batch++) await AppendAsync(replica, 1);
        var confirmed = replica.DurableIndex;
        signal(FileSizeSignal, Ignore);
        if (SetLimit(FileSizeLimit, new Limit((ulong)(End(log, path) + WrittenOfLastBatch), ulong.MaxValue)) != 0) throw new InvalidOperationException("The limit cannot be set.");
        try
        {
            await AppendAsync(replica, LastBatch);
            throw new InvalidOperationException("A batch beyond the limit was confirmed.");
        }
        catch (LogFailedException)
        {
            // As it must.
        }

        if (replica.DurableIndex != confirmed) throw new InvalidOperationException($"{replica.DurableIndex} is durable instead of {confirmed}.");
        try
        {
            await replica.PromiseAsync(new Epoch(9), Plan.Birth); // would fit
            return Writer.WentOnAfterFailure;
        }
        catch (LogFailedException)
        {
            Console.WriteLine(confirmed.Value);
            return Writer.LogFailed;
        }
    }

    private static Task AppendAsync(IReplicaLog replica, int count) => replica.AppendAsync([.. Enumerable.Range(1, count).Select(i => new LogEntry
    {
        Kind = EntryKind.Operation,
        Position = new LogPosition(new Epoch(1), replica.Last.Index + i),
        TimeUtc = DateTime.UnixEpoch,
        Payload = Encoding.ASCII.GetBytes(new string('x', EntryBytes)),
    })]);

    // Where the last byte that is not zero lies in the segment in use.
    private static long End(WriteAheadLog log, string path)
    {
        var bytes = File.ReadAllBytes(Path.Combine(path, SegmentHeader.FileName(log.SegmentFiles.All()[^1].Number)));
        return bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
    }

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limit limit);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Limit(ulong Current, ulong Max);
}
