using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>A small log of two groups, harmed at every place. What is read back is right, or an error says so.</summary>
public sealed class LogDamageTests
{
    private const string A = "a", B = "b";
    private static readonly string Segment = System.IO.Path.Combine(LogFixture.Path, SegmentHeader.FileName(1));

    private sealed record Sample(SimulatedFiles Files, string FullA, string FullB, int LastBatch, int End);

    // The last batch holds entry 5 of A and entry 3 of B.
    private static async Task<Sample> WriteAsync(bool close = false)
    {
        var files = new SimulatedFiles();
        var hold = new ManualResetEventSlim(true);
        var slow = new FaultyFiles(files, (name, _) => { if (name == "Sync") hold.Wait(); });
        var fixture = Open(slow);
        var a = fixture.Log.OpenReplica(GroupOf(A));
        var b = fixture.Log.OpenReplica(GroupOf(B));
        await a.AppendAsync(Entries(1, 1, 3));
        await b.AppendAsync(Entries(1, 1, 2));
        await a.PromiseAsync(new Epoch(2));
        hold.Reset();
        var first = a.AppendAsync([Entry(2, 4)]); // its sync is held, so that the next two share a batch
        while (files.ReadAll(Segment).AsSpan().IndexOf("payload 2:4"u8) < 0) await Task.Yield();
        var second = a.AppendAsync([Entry(2, 5)]);
        var third = b.AppendAsync([Entry(2, 3)]);
        hold.Set();
        await Task.WhenAll(first, second, third);
        var (fullA, fullB) = (Describe(a), Describe(b));
        if (close) await fixture.DisposeAsync();
        var copy = files.Copy();
        if (!close) await fixture.DisposeAsync();
        var (lastBatch, end) = Extent(copy);
        return new Sample(copy, fullA, fullB, lastBatch, end);
    }

    private static (int LastBatch, int End) Extent(SimulatedFiles files)
    {
        var bytes = files.ReadAll(Segment);
        var scanner = new SegmentScanner(bytes, bytes.Length, new NodeId(new Guid("11111111-2222-3333-4444-555555555555")), 1);
        var (last, end) = (0, 0);
        while (scanner.MoveNext(out var item))
        {
            if (item.Header!.Value.Type == RecordType.Batch) last = item.Offset;
            end = item.Offset + item.Length;
        }

        return (last, end);
    }

    [Fact]
    public async Task EveryByteFlipped_IsNoticed()
    {
        var sample = await WriteAsync();
        Assert.True(sample.LastBatch > 600 && sample.End > sample.LastBatch + 200);
        for (var at = 0; at < sample.End + 200; at++)
        {
            var files = sample.Files.Copy();
            files.Alter(Segment, bytes => { bytes[at] ^= (byte)(1 << (at % 8)); return bytes; });
            var (a, b) = await RecoverAsync(files);
            if (at < sample.LastBatch)
            {
                Assert.True(a is null || b is null, $"byte {at} was not noticed");
                Assert.True(a is null || a.Text == sample.FullA, $"byte {at}: {a?.Text}");
                Assert.True(b is null || b.Text == sample.FullB, $"byte {at}: {b?.Text}");
            }
            else
            {
                Assert.True(a!.Torn || b!.Torn, $"byte {at} was not noticed");
                Assert.True(IsPrefix(a.Text, sample.FullA, 4) && IsPrefix(b!.Text, sample.FullB, 2), $"byte {at}");
                Assert.True(a.Torn || a.Text == sample.FullA, $"byte {at}");
                Assert.True(b.Torn || b.Text == sample.FullB, $"byte {at}");
            }

            // The second start must not believe what the first did not.
            var (a2, b2) = await RecoverAsync(files);
            Assert.Equal((a is null, b is null), (a2 is null, b2 is null));
            if (a is not null) Assert.Equal(a, a2);
            if (b is not null) Assert.Equal(b, b2);
        }
    }

    [Fact]
    public async Task EveryByteFlipped_AfterAnOrderlyClose_IsNoTornTail()
    {
        var sample = await WriteAsync(close: true);
        for (var at = 0; at < sample.LastBatch; at++)
        {
            var files = sample.Files.Copy();
            files.Alter(Segment, bytes => { bytes[at] ^= 0x10; return bytes; });
            var (a, b) = await RecoverAsync(files);
            Assert.True(a is null || b is null, $"byte {at} was not noticed");
            Assert.True((a is null || a.Text == sample.FullA) && (b is null || b.Text == sample.FullB), $"byte {at}");
        }
    }

    [Fact]
    public async Task CutAtEveryByte_IsATypedError()
    {
        var sample = await WriteAsync();
        for (var at = 0; at < sample.End; at++)
        {
            var files = sample.Files.Copy();
            files.Alter(Segment, bytes => bytes[..at]);
            for (var start = 0; start < 2; start++)
            {
                var (a, b) = await RecoverAsync(files);
                Assert.True(a is null && b is null, $"cut at {at}, start {start}");
            }
        }
    }

    [Fact]
    public async Task LastBatchWrittenUpToEveryByte_KeepsAllBefore()
    {
        var sample = await WriteAsync();
        for (var at = sample.LastBatch; at <= sample.End; at++)
        {
            var files = sample.Files.Copy();
            files.Alter(Segment, bytes => { bytes.AsSpan(at).Clear(); return bytes; });
            var (a, b) = await RecoverAsync(files);
            Assert.True(IsPrefix(a!.Text, sample.FullA, 4) && IsPrefix(b!.Text, sample.FullB, 2), $"written to {at}");
            if (at == sample.LastBatch) continue; // nothing of the batch is there: nothing to see
            Assert.True((a.Torn || a.Text == sample.FullA) && (b.Torn || b.Text == sample.FullB), $"written to {at}");
        }
    }

    [Fact]
    public async Task TornTail_StaysKnownOverRestarts_UntilAHigherMastership()
    {
        var sample = await WriteAsync();
        var files = sample.Files.Copy();
        files.Alter(Segment, bytes => { bytes.AsSpan(sample.LastBatch + 100).Clear(); return bytes; });
        for (var start = 0; start < 3; start++)
        {
            await using var fixture = Open(files);
            Assert.True(fixture.Log.OpenReplica(GroupOf(A)).HadTornTail);
            Assert.True(fixture.Log.OpenReplica(GroupOf("new")).HadTornTail);
        }

        await using (var fixture = Open(files))
        {
            var log = fixture.Log.OpenReplica(GroupOf(A));
            await log.AppendAsync([Entry(2, log.Last.Index.Value + 1)]);
            Assert.True(log.HadTornTail);
            await log.AppendAsync([Entry(3, log.Last.Index.Value + 1)]);
            Assert.False(log.HadTornTail);
        }

        await using var last = Open(files);
        Assert.False(last.Log.OpenReplica(GroupOf(A)).HadTornTail);
        Assert.True(last.Log.OpenReplica(GroupOf(B)).HadTornTail);
    }

    [Fact]
    public async Task DamagedBody_QuarantinesItsGroupOnly_NamesThePlace_AndDropHeals()
    {
        var sample = await WriteAsync();
        var files = sample.Files.Copy();
        files.Alter(Segment, bytes => { bytes[bytes.AsSpan().IndexOf("payload 1:2"u8)] ^= 1; return bytes; });
        for (var start = 0; start < 2; start++)
        {
            await using var fixture = Open(files);
            var damage = Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(GroupOf(A)));
            Assert.Equal((GroupOf(A), Segment), (damage.Group, damage.File));
            Assert.InRange(damage.Offset, 64, sample.End);
            Assert.Equal(sample.FullB, Describe(fixture.Log.OpenReplica(GroupOf(B))));
            Assert.Single(fixture.Log.Quarantined);
            Assert.Equal(LogPosition.None, fixture.Log.OpenReplica(GroupOf("new")).Last);
        }

        await using (var fixture = Open(files))
        {
            await fixture.Log.DropReplicaAsync(GroupOf(A));
            await fixture.Log.OpenReplica(GroupOf(A)).AppendAsync([Entry(7, 1)]);
        }

        await using var healed = Open(files);
        Assert.Equal(At(7, 1), healed.Log.OpenReplica(GroupOf(A)).Last);
        Assert.Empty(healed.Log.Quarantined);
    }

    [Fact]
    public async Task DamageThatMayHaveTakenAnything_QuarantinesEveryGroup_AndDropHeals()
    {
        var sample = await WriteAsync();
        var files = sample.Files.Copy();
        files.Alter(Segment, bytes => { bytes[200] ^= 1; bytes.AsSpan(140, 60).Clear(); return bytes; });
        await using (var fixture = Open(files))
        {
            Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(GroupOf(A)));
            Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(GroupOf(B)));
            Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(GroupOf("unheard of")));
            await fixture.Log.DropReplicaAsync(GroupOf(A));
            await fixture.Log.OpenReplica(GroupOf(A)).AppendAsync([Entry(7, 1)]);
        }

        await using var again = Open(files);
        Assert.Equal(At(7, 1), again.Log.OpenReplica(GroupOf(A)).Last);
        Assert.Throws<LogDamagedException>(() => again.Log.OpenReplica(GroupOf(B)));
        Assert.Throws<LogDamagedException>(() => again.Log.OpenReplica(GroupOf("unheard of")));
    }

    [Fact]
    public async Task EveryByteOfASnapshotFlipped_QuarantinesTheGroup()
    {
        var files = new SimulatedFiles();
        await using (var fixture = Open(files))
        {
            var log = fixture.Log.OpenReplica(GroupOf(A));
            await log.AppendAsync(Entries(1, 1, 2));
            await log.SaveSnapshotAsync(Snapshot(At(1, 2), 400), new LogIndex(2));
        }

        var path = files.All.Single(name => name.EndsWith(".snapshot", StringComparison.Ordinal));
        for (var at = 0; at < files.ReadAll(path).Length; at += 3)
        {
            var harmed = files.Copy();
            harmed.Alter(path, bytes => { bytes[at] ^= 4; return bytes; });
            await using var fixture = Open(harmed);
            Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(GroupOf(A)));
        }
    }

    [Fact]
    public async Task MissingSegment_IsDamage()
    {
        var files = new SimulatedFiles();
        await using (var fixture = Open(files))
        {
            var log = fixture.Log.OpenReplica(GroupOf(A));
            for (var i = 1; i <= 300; i++) await log.AppendAsync([Entry(1, i)]);
            Assert.True(fixture.Log.Segments > 3);
        }

        foreach (var segment in files.All.Where(path => path.EndsWith(".segment", StringComparison.Ordinal)))
        {
            var harmed = files.Copy();
            harmed.Delete(segment);
            for (var start = 0; start < 2; start++)
            {
                await using var fixture = Open(harmed);
                Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(GroupOf(A)));
            }
        }
    }

    private sealed record Found(string Text, bool Torn);

    private static async Task<(Found? A, Found? B)> RecoverAsync(SimulatedFiles files)
    {
        LogFixture fixture;
        try
        {
            fixture = Open(files);
        }
        catch (Exception ex) when (ex is LogDamagedException or LogFormatException or LogDirectoryMismatchException)
        {
            return (null, null);
        }

        await using (fixture) return (Look(A), Look(B));

        Found? Look(string key)
        {
            try
            {
                var log = fixture.Log.OpenReplica(GroupOf(key));
                return new Found(Describe(log), log.HadTornTail);
            }
            catch (LogDamagedException)
            {
                return null;
            }
        }
    }

    // The entries found are those written, from the first on, and at least as many as were confirmed.
    private static bool IsPrefix(string found, string written, int atLeast)
    {
        var (f, w) = (found.Split('\n')[1..], written.Split('\n')[1..]);
        return f.Length >= atLeast && f.Length <= w.Length && f.SequenceEqual(w.Take(f.Length));
    }
}
