using System.IO.Hashing;
using System.Text;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>
/// Each kind of file with each kind of harm: the table in docs/log.md. A log of several segments and three groups, closed in order; one has a snapshot in a
/// file. What is served is right; what is not is a typed error; who is not touched is served.
/// </summary>
public sealed class DamageMatrixTests
{
    private static readonly string[] Groups = ["a", "b", "c"];
    private static readonly string[] SmallFiles = [NodeFile.FileName, SegmentManifest.FileName];
    private static readonly Guid OtherNode = new("99999999-2222-3333-4444-555555555555");

    private sealed record Sample(SimulatedFiles Files, string[] Full)
    {
        public string Segment(long number) => PathOf(SegmentHeader.FileName(number));

        public string Snapshot => Files.All.Single(path => path.EndsWith(".snapshot", StringComparison.Ordinal));

        public string Orphans => Files.All.Single(path => path.EndsWith(OrphanFile.NameSuffix, StringComparison.Ordinal));

        public long[] Segments => [.. Files.All.Select(path => SegmentHeader.TryParseFileName(System.IO.Path.GetFileName(path), out var number) ? number : 0).Where(number => number > 0)];

        public SimulatedFiles With(string path, Func<byte[], byte[]> change)
        {
            var files = Files.Copy();
            files.Alter(path, change);
            return files;
        }
    }

    private static string PathOf(string name) => System.IO.Path.Combine(LogFixture.Path, name);

    private static async Task<Sample> WriteAsync()
    {
        var files = new SimulatedFiles();
        await using var fixture = Open(files);
        var logs = Groups.Select(key => fixture.Log.OpenReplica(GroupOf(key))).ToArray();
        for (var i = 1; i <= 60; i++)
        {
            foreach (var log in logs) await log.AppendAsync([Entry(1, i, $"{i} {new string('x', 100)}")]);
        }

        await logs[2].SaveSnapshotAsync(Snapshot(At(1, 50), 2000), new LogIndex(50));
        await logs[2].SaveOrphansAsync(logs[2].Read(new LogIndex(60), 1, 1), At(1, 59));
        string[] full = [.. logs.Select(Describe)];
        await fixture.DisposeAsync();
        return new Sample(files.Copy(), full);
    }

    // For each group what is served of it; null: quarantined. Null for all: the log does not open.
    private static async Task<string?[]?> ReadAsync(ILogFiles files)
    {
        LogFixture fixture;
        try
        {
            fixture = Open(files);
        }
        catch (Exception ex) when (ex is LogDamagedException or LogFormatException or LogDirectoryMismatchException)
        {
            return null;
        }

        await using (fixture) return [.. Groups.Select(Look)];

        string? Look(string key)
        {
            try
            {
                return Describe(fixture.Log.OpenReplica(GroupOf(key)));
            }
            catch (LogDamagedException)
            {
                return null;
            }
        }
    }

    private static async Task AssertNoticedAsync(Sample sample, SimulatedFiles harmed, string what)
    {
        for (var start = 0; start < 2; start++) // also the second start must not believe it
        {
            var found = await ReadAsync(harmed);
            Assert.True(found is null || found.Contains(null), $"{what}, start {start}: not noticed");
            for (var i = 0; i < Groups.Length; i++) Assert.True(found?[i] is null || found[i] == sample.Full[i], $"{what}, start {start}: {found?[i]}");
        }
    }

    [Fact]
    public async Task BytesOfEverySegmentFlipped_AreNoticed_AndDamagedBodiesTouchTheirGroupOnly()
    {
        var sample = await WriteAsync();
        Assert.True(sample.Segments.Length > 2);
        var ownOnly = 0;
        foreach (var number in sample.Segments[..^1])
        {
            for (var at = 0; at < sample.Files.ReadAll(sample.Segment(number)).Length; at += 61)
            {
                var harmed = sample.With(sample.Segment(number), bytes => { bytes[at] ^= 0x20; return bytes; });
                await AssertNoticedAsync(sample, harmed, $"segment {number}, byte {at}");
                if (await ReadAsync(harmed) is { } found && found.Count(text => text is null) == 1) ownOnly++;
            }
        }

        Assert.True(ownOnly > 100, $"only {ownOnly} flips left the other groups alone");
    }

    [Fact]
    public async Task EverySegmentTruncated_QuarantinesAll()
    {
        var sample = await WriteAsync();
        foreach (var number in sample.Segments)
        {
            var length = sample.Files.ReadAll(sample.Segment(number)).Length;
            foreach (var at in Enumerable.Range(0, length / 997).Select(i => i * 997).Append(length - 1))
            {
                var harmed = sample.With(sample.Segment(number), bytes => bytes[..at]); // 0: an empty file
                await AssertNoticedAsync(sample, harmed, $"segment {number} cut at {at}");
            }
        }
    }

    [Fact]
    public async Task SwappedBlocks_AreNoticed_InOneSegmentAndBetweenTwo()
    {
        const int block = SimulatedFiles.SectorBytes;
        var sample = await WriteAsync();
        var random = new Random(7);
        var segments = sample.Segments[..^1];
        for (var i = 0; i < 150; i++)
        {
            var (one, two) = (segments[random.Next(segments.Length)], segments[random.Next(segments.Length)]);
            var (from, to) = (sample.Files.ReadAll(sample.Segment(one)), sample.Files.ReadAll(sample.Segment(two)));
            var (x, y) = (random.Next(from.Length / block) * block, random.Next(to.Length / block) * block);
            if (from.AsSpan(x, block).SequenceEqual(to.AsSpan(y, block))) continue;
            var harmed = sample.With(sample.Segment(one), bytes => { to.AsSpan(y, block).CopyTo(bytes.AsSpan(x)); return bytes; });
            harmed.Alter(sample.Segment(two), bytes => { from.AsSpan(x, block).CopyTo(bytes.AsSpan(y)); return bytes; });
            await AssertNoticedAsync(sample, harmed, $"block {x} of segment {one} swapped with {y} of {two}");
        }
    }

    [Fact]
    public async Task SwappedSegments_AndEachMissing_AreNoticed()
    {
        var sample = await WriteAsync();
        var (one, two) = (sample.Files.ReadAll(sample.Segment(1)), sample.Files.ReadAll(sample.Segment(2)));
        var harmed = sample.With(sample.Segment(1), _ => two);
        harmed.Alter(sample.Segment(2), _ => one);
        await AssertNoticedAsync(sample, harmed, "segments 1 and 2 swapped");
        foreach (var number in sample.Segments)
        {
            var missing = sample.Files.Copy();
            missing.Delete(sample.Segment(number));
            await AssertNoticedAsync(sample, missing, $"segment {number} missing");
        }
    }

    [Fact]
    public async Task SmallFiles_HarmedInAnyWay_AreATypedError()
    {
        var sample = await WriteAsync();
        foreach (var path in SmallFiles.Select(PathOf))
        {
            var length = sample.Files.ReadAll(path).Length;
            for (var at = 0; at < length; at++) Assert.Throws<LogDamagedException>(() => Open(sample.With(path, bytes => bytes[..at]))); // 0: an empty file
            Assert.Throws<LogDamagedException>(() => Open(sample.With(path, bytes => [.. bytes, 0])));
            Assert.Throws<LogDamagedException>(() => Open(sample.With(path, _ => Encoding.ASCII.GetBytes("somebody else's file".PadRight(length)))));
            Assert.Contains("version 2", Assert.Throws<LogFormatException>(() => Open(sample.With(path, bytes => Sealed(bytes, b => b[8] = 2)))).Message);
            Assert.Throws<LogFormatException>(() => Open(sample.With(path, bytes => Sealed(bytes, b => b[0] ^= 1))));
            var other = sample.With(path, bytes => Sealed(bytes, b => OtherNode.TryWriteBytes(b.AsSpan(16))));
            Assert.Throws<LogDirectoryMismatchException>(() => Open(other));
            Assert.Throws<LogDirectoryMismatchException>(() => Open(other));
        }
    }

    [Fact]
    public async Task Snapshot_HarmedInAnyWay_QuarantinesItsGroupOnly()
    {
        var sample = await WriteAsync();
        var path = sample.Snapshot;
        var bytes = sample.Files.ReadAll(path);
        List<SimulatedFiles> harmed =
        [
            .. Enumerable.Range(0, bytes.Length / 37).Select(i => sample.With(path, b => b[..(i * 37)])),
            sample.With(path, b => b[..^1]),
            sample.With(path, b => Encoding.ASCII.GetBytes("somebody else's file".PadRight(b.Length))),
            sample.With(path, b => SealedSnapshot(b, x => OtherNode.TryWriteBytes(x.AsSpan(16)))),
            sample.With(path, b => SealedSnapshot(b, x => OtherNode.TryWriteBytes(x.AsSpan(16)), new NodeId(OtherNode))),
            sample.With(path, b => SealedSnapshot(b, x => x[32]++)),                      // another snapshot's number
            sample.With(path, b => SealedSnapshot(b, x => x[48]++)),                      // another position
            sample.With(path, b => SealedSnapshot(b, x => x[72]++)),                      // another length
            sample.With(path, b => SealedSnapshot(b, x => x[12]--)),                      // another length of the group's name
            sample.With(path, b => SealedSnapshot(b, x => x[SnapshotHead.Bytes] ^= 1)),   // another group
            sample.With(path, b => SealedSnapshot(b, _ => { }, file: 2)),                 // of another file
        ];
        harmed.Add(sample.Files.Copy());
        harmed[^1].Delete(path);
        foreach (var files in harmed)
        {
            for (var start = 0; start < 2; start++)
            {
                await using var fixture = Open(files);
                var damage = Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(GroupOf("c")));
                Assert.Equal((path, GroupOf("c")), (damage.File, damage.Group));
                for (var i = 0; i < 2; i++) Assert.Equal(sample.Full[i], Describe(fixture.Log.OpenReplica(GroupOf(Groups[i]))));
            }
        }

        await using var newer = Open(sample.With(path, b => SealedSnapshot(b, x => x[8] = 3)));
        Assert.Contains("version 3", Assert.Throws<LogFormatException>(() => newer.Log.OpenReplica(GroupOf("c"))).Message);
        Assert.Equal(sample.Full[0], Describe(newer.Log.OpenReplica(GroupOf("a"))));
    }

    [Fact]
    public async Task OrphanFile_HarmedInAnyWay_IsATypedError_AndTheLogServesOn()
    {
        var sample = await WriteAsync();
        var path = sample.Orphans;
        for (var at = 0; at < sample.Files.ReadAll(path).Length; at++)
        {
            Assert.Equal(path, Assert.Throws<LogDamagedException>(() => OrphanFile.Read(path, sample.With(path, b => { b[at] ^= 8; return b; }))).File);
            Assert.Throws<LogDamagedException>(() => OrphanFile.Read(path, sample.With(path, b => b[..at])));
        }

        Assert.Throws<LogFormatException>(() => OrphanFile.Read(path, sample.With(path, b => Sealed(b, x => x[8] = 3))));
        Assert.Throws<LogFormatException>(() => OrphanFile.Read(path, sample.With(path, b => Sealed(b, x => x[0] ^= 1))));
        Assert.Equal(sample.Full, await ReadAsync(sample.With(path, _ => [])));
    }

    [Fact]
    public async Task OrphanFile_ThatACrashInterrupted_IsNotSeen()
    {
        var sample = await WriteAsync();
        var before = OrphanFile.List(LogFixture.Path, sample.Files);
        var operations = 0;
        var watched = new FaultyFiles(sample.Files.Copy(), (_, path) => { if (path.Contains("orphans", StringComparison.Ordinal)) operations++; });
        await using (var fixture = Open(watched)) await SaveAsync(fixture);
        Assert.True(operations > 4);
        for (var kill = 0; kill < operations; kill++)
        {
            var disk = sample.Files.Copy();
            SimulatedFiles? left = null;
            var count = 0;
            await using (var fixture = Open(new FaultyFiles(disk, (_, path) =>
            {
                if (path.Contains("orphans", StringComparison.Ordinal) && count++ == kill) left ??= disk.Crash(new Random(kill));
            })))
                await SaveAsync(fixture);
            foreach (var path in OrphanFile.List(LogFixture.Path, left!)) Assert.Single(OrphanFile.Read(path, left).Entries);
            await using (var again = Open(left!)) await SaveAsync(again);
            Assert.InRange(OrphanFile.List(LogFixture.Path, left!).Count, before.Count + 1, before.Count + 2);
        }

        static Task SaveAsync(LogFixture fixture) => fixture.Log.OpenReplica(GroupOf("a")).SaveOrphansAsync([Entry(1, 60)], At(1, 59));
    }

    [Theory]
    [InlineData(NodeFile.FileName)]
    [InlineData(SegmentManifest.FileName)]
    [InlineData("log-0000000000000001.segment")]
    public async Task UnreadableFile_IsATypedError_AndHarmsNothing(string name)
    {
        var sample = await WriteAsync();
        var files = sample.Files.Copy();
        Exception[] reasons = [new UnauthorizedAccessException("no permission"), new IOException("errno 5")];
        foreach (var reason in reasons)
        {
            var unreadable = new FaultyFiles(files, (_, _) => { }, opening: path => { if (path == PathOf(name)) throw reason; });
            Assert.Contains(reason.Message, Assert.Throws<LogDirectoryAccessException>(() => Open(unreadable)).Message);
        }

        Assert.Equal(sample.Full, await ReadAsync(files));
    }

    [Fact]
    public async Task SegmentThatDoesNotReadToItsEnd_IsATypedError_AndHarmsNothing()
    {
        var sample = await WriteAsync();
        var files = sample.Files.Copy();
        var segment = PathOf(SegmentHeader.FileName(1));
        var unreadable = new FaultyFiles(files, (_, _) => { }, reading: (path, offset, length) => { if (path == segment && offset + length > 8192) throw new IOException("errno 5"); });
        Assert.Contains("errno 5", Assert.Throws<LogDirectoryAccessException>(() => Open(unreadable)).Message);
        Assert.Equal(sample.Full, await ReadAsync(files));
    }

    [Fact]
    public async Task UnreadableSnapshot_IsATypedError_AndTouchesItsGroupOnly()
    {
        var sample = await WriteAsync();
        var files = sample.Files.Copy();
        var unreadable = new FaultyFiles(files, (_, _) => { }, opening: path => { if (path == sample.Snapshot) throw new UnauthorizedAccessException("no permission"); });
        await using (var fixture = Open(unreadable))
        {
            Assert.Throws<LogDirectoryAccessException>(() => fixture.Log.OpenReplica(GroupOf("c")));
            Assert.Equal(sample.Full[0], Describe(fixture.Log.OpenReplica(GroupOf("a"))));
        }

        Assert.Equal(sample.Full, await ReadAsync(files));
    }

    // Changed on purpose: the head's checksum is right.
    private static byte[] SealedSnapshot(byte[] bytes, Action<byte[]> change, NodeId? node = null, long file = 1)
    {
        change(bytes);
        SealHead(bytes, 0, file, node);
        return bytes;
    }

    // Changed on purpose: the checksum at the end is right.
    private static byte[] Sealed(byte[] bytes, Action<byte[]> change)
    {
        change(bytes);
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 8), XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - 8)));
        return bytes;
    }
}
