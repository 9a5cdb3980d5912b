using Microsoft.Extensions.Logging.Abstractions;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.LogBenchmarks.Contenders;

/// <summary>The silo's log with default options: each writer is a group of its own, or all share one.</summary>
internal sealed class SiloLog : IContender
{
    private readonly LogDirectory _directory;
    private readonly WriteAheadLog _log;
    private readonly IReplicaLog[] _replicas;
    private readonly byte[] _payload;
    private readonly Lock? _turns; // a replica's log is used by one thread at a time

    public SiloLog(string path, int writers, bool oneGroup, byte[] payload)
    {
        _directory = LogDirectory.Open(path);
        _log = Open(_directory);
        _payload = payload;
        _turns = oneGroup ? new Lock() : null;
        _replicas = [.. Enumerable.Range(0, writers).Select(i => _log.OpenReplica(GroupOf(oneGroup ? 0 : i)))];
    }

    public static GroupId GroupOf(int number) => new(GrainId.Create("bench.group", $"g{number}"));

    public static WriteAheadLog Open(LogDirectory directory) =>
        WriteAheadLog.Open(directory, new WriteAheadLogOptions(), TimeProvider.System, NullLogger.Instance);

    public static LogEntry Entry(long index, byte[] payload) => new()
    {
        Kind = EntryKind.Operation,
        Position = new LogPosition(new Epoch(1), new LogIndex(index)),
        TimeUtc = DateTime.UnixEpoch,
        Request = new RequestId(Guid.AllBitsSet, index),
        Payload = payload,
    };

    public ValueTask AppendAsync(int writer)
    {
        var replica = _replicas[writer];
        if (_turns is null) return new(replica.AppendAsync([Entry(replica.Last.Index.Value + 1, _payload)]));
        lock (_turns) return new(replica.AppendAsync([Entry(replica.Last.Index.Value + 1, _payload)]));
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _directory.Dispose();
    }
}
