using System.IO.Hashing;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;
using Xunit;

namespace Orleans.MasterSlave.Tests.Replicas;

/// <summary>What the session table says of a request, by what its client knew and whom the table has forgotten (W1).</summary>
public sealed class SessionTableTests
{
    private static readonly Guid A = new(1, 0, 0, new byte[8]), B = new(2, 0, 0, new byte[8]), C = new(3, 0, 0, new byte[8]);
    private static readonly byte[] Answer = [1];
    private readonly SessionTable _table = new();
    private long _index;

    public SessionTableTests() => _table.Begin(new SessionLimits(100, 3, TimeSpan.FromMinutes(60)));

    [Fact]
    public void Lookup_OfAnUnknownClient_IsNew_WhileNobodyWasForgotten() => Assert.Equal(RequestStanding.New, Standing(A, 1, known: 0));

    [Fact]
    public void Lookup_OfARecordedRequest_IsItsAnswer()
    {
        Record(A, 1);
        Assert.Equal(RequestStanding.Answered, Standing(A, 1, known: 0));
        Assert.Equal(RequestStanding.New, Standing(A, 2, known: 0));
    }

    [Fact]
    public void Lookup_OfARecordedIdWithAnotherPayload_IsReuse()
    {
        Record(A, 1);
        Assert.Equal(RequestStanding.IdReused, _table.Lookup(new RequestId(A, 1), default, checksum: 99, default).Standing);
    }

    /// <summary>The client of entry 1 is forgotten at entry 2: whoever knew of nothing may be that client; whoever knew entry 1 is not.</summary>
    [Theory]
    [InlineData(0, RequestStanding.Expired)]
    [InlineData(1, RequestStanding.New)]
    [InlineData(2, RequestStanding.New)]
    public void Lookup_OfAnUnknownClient_GoesByWhatItKnew_NotByAnyClock(long known, object standing)
    {
        Record(A, 1, minutes: 0);
        Record(B, 1, minutes: 61);
        Assert.Equal(new LogIndex(1), _table.Floor.Index);
        Assert.Equal(standing, Standing(A, 1, known));
        Assert.Equal(standing, Standing(C, 1, known));
    }

    /// <summary>After a data loss indexes begin anew below those that were lost: the count of losses decides first.</summary>
    [Fact]
    public void Lookup_OfAClientThatKnewOnlyWhatWasLost_IsRefused()
    {
        Record(A, 1, minutes: 0, losses: 1);
        Record(B, 1, minutes: 61, losses: 1);
        Assert.Equal(RequestStanding.Expired, _table.Lookup(new RequestId(C, 1), new SessionToken(0, new Epoch(1), new LogIndex(500)), 0, default).Standing);
    }

    /// <summary>
    /// Request 1 is executed and its answer lost; the client is forgotten; its request 2, which knows more, makes it known again. A retry of request 1
    /// must not pass for new because its client is known.
    /// </summary>
    [Fact]
    public void Lookup_OfARequestFromBeforeItsClientWasForgotten_IsRefused_ThoughTheClientIsKnownAgain()
    {
        Record(A, 1, minutes: 0);
        Record(B, 1, minutes: 61);
        Assert.Equal(RequestStanding.New, Standing(A, 2, known: 2));
        Record(A, 2, minutes: 62, answeredThrough: 0);
        Assert.Equal(RequestStanding.Expired, Standing(A, 1, known: 0));
        Assert.Equal(RequestStanding.Answered, Standing(A, 2, known: 2));
        Assert.Equal(RequestStanding.New, Standing(A, 3, known: 3));
    }

    [Fact]
    public void Lookup_OfARequestWhoseAnswerTheClientHad_IsRefused()
    {
        Record(A, 1);
        Record(A, 2, answeredThrough: 1);
        Assert.Equal(RequestStanding.Expired, Standing(A, 1, known: 0));
    }

    [Fact]
    public void Lookup_WithTooManyOpenAnswers_IsFull()
    {
        for (var sequence = 1; sequence <= 3; sequence++) Record(A, sequence);
        Assert.Equal(RequestStanding.TableFull, Standing(A, 4, known: 0));
    }

    /// <summary>A full table takes a new client when its longest idle one can have no call under way any more, however long retention is.</summary>
    [Fact]
    public void Lookup_OfANewClient_WhenTheTableIsFull_WaitsForTheLeastRetentionOnly()
    {
        _table.Begin(new SessionLimits(2, 3, TimeSpan.FromDays(1)));
        Record(A, 1, minutes: 0);
        Record(B, 1, minutes: 1);
        Assert.Equal(RequestStanding.TableFull, Standing(C, 1, known: 2, minutes: 1));
        Assert.Equal(RequestStanding.New, Standing(C, 1, known: 2, minutes: 3));
        Record(C, 1, minutes: 3);
        Assert.Equal(2, _table.Count);
        Assert.Equal(new LogIndex(1), _table.Floor.Index);
        Assert.Equal(RequestStanding.Expired, Standing(A, 1, known: 0, minutes: 3));
    }

    [Fact]
    public void Load_GivesBackAllThatDecides()
    {
        Record(A, 1, minutes: 0);
        Record(B, 1, minutes: 61);
        Record(A, 2, minutes: 62);
        using var stream = new MemoryStream();
        _table.Save(new BinaryWriter(stream));
        stream.Position = 0;
        var copy = new SessionTable();
        copy.Load(new BinaryReader(stream));

        Assert.Equal((_table.Floor, _table.Time, _table.Limits, _table.Count), (copy.Floor, copy.Time, copy.Limits, copy.Count));
        foreach (var client in new[] { A, B, C })
            for (var sequence = 1; sequence <= 3; sequence++)
                for (var known = 0; known <= 3; known++)
                    Assert.Equal(Standing(client, sequence, known), Standing(client, sequence, known, of: copy));
        using var again = new MemoryStream();
        copy.Save(new BinaryWriter(again));
        Assert.Equal(stream.ToArray(), again.ToArray());
    }

    private RequestStanding Standing(Guid client, long sequence, long known, double minutes = 62, SessionTable? of = null) =>
        (of ?? _table).Lookup(new RequestId(client, sequence), new SessionToken(0, new Epoch(1), new LogIndex(known)), Checksum(sequence), TimeSpan.FromMinutes(minutes)).Standing;

    private void Record(Guid client, long sequence, double minutes = 0, long answeredThrough = 0, long losses = 0) => _table.Record(
        new LogEntry
        {
            Kind = EntryKind.Operation,
            Position = new LogPosition(new Epoch(1), new LogIndex(++_index)),
            TimeUtc = DateTime.UnixEpoch,
            SessionTime = TimeSpan.FromMinutes(minutes),
            Request = new RequestId(client, sequence),
            AnsweredThrough = answeredThrough,
            DataLossCount = losses,
            PayloadChecksum = Checksum(sequence),
        },
        Answer);

    private static ulong Checksum(long sequence) => XxHash3.HashToUInt64(BitConverter.GetBytes(sequence));
}
