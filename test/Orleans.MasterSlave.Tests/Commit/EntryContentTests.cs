using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Commit;

/// <summary>The payloads of control entries, byte for byte (docs/log.md), and what becomes of entries that nobody knows.</summary>
public sealed class EntryContentTests
{
    [Fact]
    public void Skip_IsWrittenAsDocumented()
    {
        var bytes = new SkipContent(At(3, 17), "é").ToBytes();
        Assert.Equal("01001000000003000000000000001100000000000000020002000000c3a9", Convert.ToHexStringLower(bytes));
        Assert.Equal(new SkipContent(At(3, 17), "é"), SkipContent.Of(Control(EntryKind.Skip, bytes)));
    }

    [Fact]
    public void Import_IsWrittenAsDocumented()
    {
        var bytes = new ImportContent([7, 8], "old").ToBytes();
        Assert.Equal("0100020000000708" + "0200030000006f6c64", Convert.ToHexStringLower(bytes));
        var read = ImportContent.Of(Control(EntryKind.Import, bytes));
        Assert.Equal((7, 8, "old"), (read.State[0], read.State[1], read.Source));
    }

    [Fact]
    public void Barrier_IsWrittenAsDocumented()
    {
        var content = new BarrierContent(new SessionLimits(3, 2, new TimeSpan(5)) { LeastRetention = new TimeSpan(4) }, KeyOf(1), new CodeVersion("a", "b"));
        var bytes = content.ToBytes();
        Assert.Equal(
            "010018000000" + "0300000002000000" + "0500000000000000" + "0400000000000000"
            + "020020000000" + Convert.ToHexStringLower(KeyOf(1).ForTheLog)
            + "03000e000000" + "01000100000061" + "02000100000062",
            Convert.ToHexStringLower(bytes));
        var read = BarrierContent.Of(Control(EntryKind.Barrier, bytes));
        Assert.Equal((content.Limits, content.Version), (read.Limits, read.Version));
        Assert.True(content.Key.ForTheLog.SequenceEqual(read.Key.ForTheLog));
        Assert.DoesNotContain(Convert.ToHexString(KeyOf(1).ForTheLog[..4]), $"{content}", StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void SectionsOfALaterVersion_ArePassedOver()
    {
        byte[] later = [9, 0, 1, 0, 0, 0, 255, .. new SkipContent(At(1, 2), "").ToBytes()];
        Assert.Equal(At(1, 2), SkipContent.Of(Control(EntryKind.Skip, later)).Skipped);
    }

    [Fact]
    public void ContentWithoutItsSection_IsRefused() =>
        Assert.Throws<InvalidDataException>(() => ImportContent.Of(Control(EntryKind.Import, new SkipContent(At(1, 2), "")
            .ToBytes().AsSpan(22).ToArray())));

    /// <summary>Left out, it would make this replica differ from those that know it.</summary>
    [Fact]
    public async Task EntryOfAnUnknownKind_StopsTheReplica_BeforeAnythingOfItsBatchIsApplied()
    {
        await using var fixture = Open(new SimulatedFiles());
        var log = fixture.Log.OpenReplica(GroupOf("a"));
        Exception? broken = null;
        var commit = new CommitExecutor(log, new Nothing(), new SessionTable(), new NoMarks(), new SnapshotTrigger(99, 99), e => broken = e, e => throw e);
        await log.AppendAsync([Entry(1, 1), Control((EntryKind)77, [])]);
        commit.SetStable(new LogIndex(2));
        Assert.Contains("kind 77", Assert.IsType<UnknownEntryException>(broken).Message, StringComparison.Ordinal);
        Assert.Equal(LogIndex.None, commit.Committed);
    }

    private static LogEntry Control(EntryKind kind, byte[] payload) => new() { Kind = kind, Position = At(1, 2), TimeUtc = DateTime.UnixEpoch, Payload = payload };

    private sealed class Nothing : IReplicatedObject
    {
        public string? Admit(RequestId request, byte[] payload) => throw new NotSupportedException();
        public string? Prepare(LogEntry entry) => throw new NotSupportedException();
        public string? TryOut(byte[] payload) => throw new NotSupportedException();
        public byte[] AnswerOfSkipped(LogEntry entry) => throw new NotSupportedException();
        public void Forget(RequestId request) => throw new NotSupportedException();
        public Task<IReadOnlyList<byte[]>> ApplyAsync(IReadOnlyList<LogEntry> operations, DrawKey key) => throw new NotSupportedException();
        public Task<byte[]> ReadAsync(byte[] payload) => throw new NotSupportedException();
        public Task<StateHashes> HashStateAsync() => throw new NotSupportedException();
        public Task<byte[]> SaveStateAsync() => throw new NotSupportedException();
        public Task RestoreStateAsync(byte[]? state) => throw new NotSupportedException();
        public Task RoleChangedAsync(ReplicaRole role) => throw new NotSupportedException();
        public void AnsweredOnMaster(IReadOnlyList<LogEntry> operations) => throw new NotSupportedException();
    }
}
