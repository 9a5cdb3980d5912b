using System.Buffers.Binary;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;

namespace Orleans.MasterSlave.Tests.Journal.Snapshots;

/// <summary>Which snapshot one group has: the one that was confirmed last, or one that was asked for since.</summary>
internal sealed class SnapshotModel(GroupId group)
{
    private readonly List<Asked> _possible = [new(null, Task.CompletedTask)]; // the oldest is confirmed

    public GroupId Group => group;

    /// <summary>The only possible one; null: none.</summary>
    public LogSnapshot? Now => Assert.Single(_possible).Snapshot;

    public bool IsSure => _possible.Count == 1;

    /// <summary>A content that no other snapshot has.</summary>
    public static LogSnapshot Make(LogPosition position, int bytes, long id)
    {
        var state = new byte[bytes];
        new Random((int)id).NextBytes(state);
        BinaryPrimitives.WriteInt64LittleEndian(state, id);
        return new LogSnapshot { Position = position, DataLossCount = 0, TimeUtc = new DateTime(2031, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(id), State = state };
    }

    /// <summary>A snapshot, or none, was asked for; the group has it when the task completes.</summary>
    public Task Ask(LogSnapshot? snapshot, Task task)
    {
        _possible.Add(new Asked(snapshot, task));
        return task;
    }

    /// <summary>Takes in how what was asked for ended.</summary>
    public void Observe()
    {
        _possible.RemoveAll(asked => asked.Task.Exception?.InnerException is LogFullException); // nothing was written
        var confirmed = _possible.FindLastIndex(asked => asked.Task.IsCompletedSuccessfully);
        _possible.RemoveRange(0, confirmed);
    }

    /// <summary>What a start found is what there is from now on.</summary>
    public void Found(LogSnapshot? found)
    {
        var at = _possible.FindLastIndex(asked => IsSame(asked.Snapshot, found));
        Assert.True(at >= 0, $"{group} has {Text(found)} and not {string.Join(" or ", _possible.Select(asked => Text(asked.Snapshot)))}");
        _possible.RemoveAll(_ => true);
        _possible.Add(new Asked(found, Task.CompletedTask));
    }

    public static void CheckSame(LogSnapshot wanted, LogSnapshot found) => Assert.True(IsSame(wanted, found), $"{Text(found)} was read and not {Text(wanted)}");

    private static bool IsSame(LogSnapshot? one, LogSnapshot? other) =>
        one is null || other is null ? one == other : one.Position == other.Position && one.TimeUtc == other.TimeUtc && one.State.AsSpan().SequenceEqual(other.State);

    private static string Text(LogSnapshot? snapshot) => snapshot is null ? "none" : $"{snapshot.Position} of {snapshot.State.Length} bytes";

    private sealed record Asked(LogSnapshot? Snapshot, Task Task);
}
