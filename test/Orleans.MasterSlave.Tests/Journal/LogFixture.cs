using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>A node's directory and log, opened together.</summary>
internal sealed class LogFixture : IAsyncDisposable
{
    public const string Path = "/node/log";

    public static readonly NodeId Node = new(new Guid("11111111-2222-3333-4444-555555555555"));

    private LogFixture(LogDirectory directory, WriteAheadLog log) => (Directory, Log) = (directory, log);

    public LogDirectory Directory { get; }
    public WriteAheadLog Log { get; }

    /// <summary>Small enough that a test meets every border: of segments, of memory, of snapshots in the log.</summary>
    public static WriteAheadLogOptions SmallSegments =>
        new() { SegmentBytes = WriteAheadLogOptions.MinSegmentBytes, InlineSnapshotBytes = 256, RecentEntriesBytes = 3 * RecentEntries.OverheadBytes };

    public static LogFixture Open(ILogFiles files, WriteAheadLogOptions? options = null, string path = Path, TimeProvider? time = null, ILogger? logger = null)
    {
        var directory = LogDirectory.Open(path, files, () => Node.Value, () => "boot");
        try
        {
            return new LogFixture(directory, WriteAheadLog.Open(directory, options ?? SmallSegments, time ?? TimeProvider.System, logger ?? NullLogger.Instance));
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    public static GroupId GroupOf(string key) => new(GrainId.Create("test.group", key));

    public static LogEntry Entry(long epoch, long index, string? text = null, long dataLossCount = 0) => new()
    {
        Kind = EntryKind.Operation,
        Position = At(epoch, index),
        TimeUtc = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(index),
        Request = new RequestId(new Guid("aaaaaaaa-0000-0000-0000-000000000001"), index),
        AnsweredThrough = index - 1,
        DataLossCount = dataLossCount,
        Payload = Encoding.UTF8.GetBytes(text ?? $"payload {epoch}:{index}"),
        SessionTime = TimeSpan.FromSeconds(index * 2),
        Known = new SessionToken(dataLossCount, new Epoch(epoch), new LogIndex(index - 1)),
        PayloadChecksum = (ulong)index * 77,
    };

    public static IReadOnlyList<LogEntry> Entries(long epoch, long first, int count) => [.. Enumerable.Range(0, count).Select(i => Entry(epoch, first + i))];

    /// <summary>The first entry of a mastership; its key is made of its epoch.</summary>
    public static LogEntry Barrier(long epoch, long index, SessionLimits? limits = null) => new()
    {
        Kind = EntryKind.Barrier,
        Position = At(epoch, index),
        TimeUtc = DateTime.UnixEpoch,
        Payload = new BarrierContent(limits ?? SessionLimits.BeforeAnyMastership, KeyOf(epoch), new CodeVersion("app", "lib")).ToBytes(),
    };

    public static DrawKey KeyOf(long epoch) => new(SHA256.HashData(BitConverter.GetBytes(epoch)));

    public static LogPosition At(long epoch, long index) => new(new Epoch(epoch), new LogIndex(index));

    public static LogSnapshot Snapshot(LogPosition position, int bytes = 100, long dataLossCount = 0) => new()
    {
        Position = position,
        DataLossCount = dataLossCount,
        TimeUtc = new DateTime(2031, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(position.Index.Value),
        State = [.. Enumerable.Range(0, bytes).Select(i => (byte)(i * 7 + position.Index.Value))],
    };

    /// <summary>Makes the checksum right of a snapshot's head that was changed on purpose.</summary>
    public static void SealHead(byte[] bytes, int offset, long file, NodeId? node = null) =>
        BitConverter.TryWriteBytes(bytes.AsSpan(offset + SnapshotHead.Bytes - 8), XxHash3.HashToUInt64(bytes.AsSpan(offset, SnapshotHead.Bytes - 8), RecordHeader.Seed(node ?? Node, file, offset)));

    /// <summary>What was written to the snapshot log as one file, as version 1 would have written it.</summary>
    public static byte[] ToVersion1(byte[] file)
    {
        var group = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(12));
        var state = BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(72));
        byte[] old = [.. file[..80], .. file[SnapshotHead.Bytes..(int)(SnapshotHead.Bytes + group + state)]];
        BinaryPrimitives.WriteUInt32LittleEndian(old.AsSpan(8), SnapshotVersion1.Version);
        return [.. old, .. BitConverter.GetBytes(XxHash3.HashToUInt64(old))];
    }

    /// <summary>All that can be seen of a replica's log, as text.</summary>
    public static string Describe(IReplicaLog log)
    {
        var text = new StringBuilder();
        text.Append($"{log.Base}..{log.Last} promised {log.PromisedEpoch} birth {log.Birth} losses {log.DataLossCount} time {log.LastTimeUtc:O} ");
        text.Append(log.Snapshot is { } s ? $"snapshot {s.Position}/{s.DataLossCount}/{s.TimeUtc:O}/{Convert.ToHexString(s.State)}" : "no snapshot");
        foreach (var e in log.Read(log.Base.Index.Next(), int.MaxValue, int.MaxValue))
            text.Append($"\n{e.Kind} {e.Position} {e.TimeUtc:O} {e.Request} {e.AnsweredThrough} {e.DataLossCount} {e.SessionTime} {e.Known.DataLossCount}/{e.Known.Epoch}:{e.Known.Index} {e.PayloadChecksum} {Encoding.UTF8.GetString(e.Payload)}");
        return text.ToString();
    }

    /// <summary>Releases the directory as a crash does, with nothing written any more.</summary>
    public void Abandon() => Directory.Dispose();

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        Directory.Dispose();
    }
}
