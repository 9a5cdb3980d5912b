using CsCheck;
using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Commit;

/// <summary>
/// Replicas cut what they apply into batches as it comes, and must execute the same (W1): one after a restart takes at once what others
/// took one by one.
/// </summary>
public sealed class BatchTests
{
    private static readonly SessionLimits Limits = new(MaxSessions: 3, MaxAnswersPerSession: 2, Retention: TimeSpan.FromSeconds(10)) { LeastRetention = TimeSpan.FromSeconds(2) };

    /// <summary>Few clients and numbers, so that requests come twice, late, and after their client was forgotten.</summary>
    private static readonly Gen<Drawn[]> Logs =
        Gen.Select(Gen.Int[1, 5], Gen.Long[1, 4], Gen.Long[0, 3], Gen.Int[0, 12], Gen.Int[0, 6], (client, sequence, answered, behind, seconds) => new Drawn(client, sequence, answered, behind, seconds))
            .Array[1, 20];

    [Fact]
    public void WhatIsExecuted_DoesNotDependOnHowTheLogIsCut() => Logs.Sample(
        drawn =>
        {
            var entries = Entries(drawn);
            var (one, all) = (Apply(entries, atOnce: 1), Apply(entries, atOnce: int.MaxValue));
            Assert.Equal(one.Executed, all.Executed);
            Assert.Equal(one.Table, all.Table);
        },
        iter: 2_000);

    /// <summary>
    /// Entry 3 makes the table forget the client of entry 2, so entry 4, which may be of a request executed before, is left out.
    /// </summary>
    [Fact]
    public void ClientThatIsForgottenInTheSameBatch_IsForgotten()
    {
        var entries = Entries([new(1, 1, 0, 9, 0), new(2, 1, 0, 9, 11), new(1, 2, 0, 9, 0)]);
        Assert.Equal(["2", "3"], Apply(entries, atOnce: 1).Executed);
        Assert.Equal(["2", "3"], Apply(entries, atOnce: int.MaxValue).Executed);
    }

    private static List<LogEntry> Entries(IEnumerable<Drawn> drawn)
    {
        var entries = new List<LogEntry>
        {
            Barrier(1, 1, Limits),
        };
        var time = TimeSpan.Zero;
        foreach (var next in drawn)
        {
            var index = entries.Count + 1;
            time += TimeSpan.FromSeconds(next.Seconds);
            entries.Add(new LogEntry
            {
                Kind = EntryKind.Operation,
                Position = At(1, index),
                TimeUtc = default,
                SessionTime = time,
                Request = new RequestId(new Guid(next.Client, 0, 0, new byte[8]), next.Sequence),
                AnsweredThrough = Math.Min(next.Answered, next.Sequence - 1),
                Known = new SessionToken(0, new Epoch(1), new LogIndex(Math.Max(0, index - 1 - next.Behind))),
                Payload = [1],
            });
        }

        return entries;
    }

    private static (List<string> Executed, byte[] Table) Apply(List<LogEntry> entries, int atOnce)
    {
        using var fixture = new Opened();
        var log = fixture.Log;
        var (target, sessions) = (new Recorder(), new SessionTable());
        var commit = new CommitExecutor(log, target, sessions, new NoMarks(), new SnapshotTrigger(long.MaxValue, long.MaxValue), e => throw e, e => throw e);
        commit.Guard.AppliedByMaster = new LogIndex(long.MaxValue);
        log.AppendAsync(entries).GetAwaiter().GetResult();
        for (long i = Math.Min(atOnce, entries.Count); ; i = Math.Min(i + atOnce, entries.Count))
        {
            commit.SetStable(new LogIndex(i));
            Assert.Equal(i, commit.Committed.Value); // all of it runs in this thread
            if (i == entries.Count) break;
        }

        using var table = new MemoryStream();
        using var writer = new BinaryWriter(table);
        sessions.Save(writer);
        writer.Flush();
        return (target.Executed, table.ToArray());
    }

    /// <param name="Behind">How many entries its client did not know yet.</param>
    /// <param name="Seconds">Session time since the entry before.</param>
    private sealed record Drawn(int Client, long Sequence, long Answered, int Behind, int Seconds);

    private sealed class Opened : IDisposable
    {
        private readonly LogFixture _fixture = LogFixture.Open(new SimulatedFiles());

        public Opened() => Log = _fixture.Log.OpenReplica(GroupOf("a"));

        public IReplicaLog Log { get; }

        public void Dispose() => _fixture.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private sealed class Recorder : FakeObject
    {
        public List<string> Executed { get; } = [];

        public override Task<IReadOnlyList<byte[]>> ApplyAsync(IReadOnlyList<LogEntry> operations, DrawKey key)
        {
            Executed.AddRange(operations.Select(o => $"{o.Index.Value}"));
            return Task.FromResult<IReadOnlyList<byte[]>>([.. operations.Select(_ => new byte[] { 1 })]);
        }
    }
}
