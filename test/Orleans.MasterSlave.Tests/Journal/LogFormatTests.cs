using System.IO.Compression;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>A log of each version of the format, kept as bytes, is read for ever; and today's version writes the same bytes.</summary>
public sealed class LogFormatTests
{
    private static readonly string Frozen = System.IO.Path.Combine(AppContext.BaseDirectory, "Journal", "Frozen");

    [Fact]
    public async Task Version1_IsReadBack()
    {
        var files = await ReadFrozenAsync("log-v1.zip");
        await using var fixture = Open(files.Copy());
        Assert.Equal(2, fixture.Directory.StartCount);
        Assert.Equal(await File.ReadAllTextAsync(System.IO.Path.Combine(Frozen, "log-v1.txt"), TestContext.Current.CancellationToken), DescribeAll(fixture));
        Assert.Equal(At(1, 3), OrphanFile.Read(OrphanFile.List(LogFixture.Path, files).Single(), files).CutAfter);
    }

    [Fact]
    public async Task Version1_IsWrittenAsItWas()
    {
        var written = new SimulatedFiles();
        await WriteSampleAsync(written);
        await ReadFrozenAsync("log-v1.zip", (path, bytes) => Assert.True(IsSnapshot(path) || bytes.AsSpan().SequenceEqual(written.ReadAll(path)), path));
    }

    [Fact]
    public async Task Version2_OfSnapshots_IsReadBack_AndWrittenAsItWas()
    {
        var written = new SimulatedFiles();
        await WriteSnapshotSampleAsync(written);
        var files = await ReadFrozenAsync("snapshots-v2.zip", (path, bytes) => Assert.True(bytes.AsSpan().SequenceEqual(written.ReadAll(path)), path));
        await using var fixture = Open(files.Copy());
        Assert.Equal(await File.ReadAllTextAsync(System.IO.Path.Combine(Frozen, "snapshots-v2.txt"), TestContext.Current.CancellationToken), DescribeAll(fixture));
    }

    private static bool IsSnapshot(string path) => path.EndsWith(".snapshot", StringComparison.Ordinal);

    [Fact]
    public async Task Version2_OfRewrittenSegments_IsReadBack_AndWrittenAsItWas()
    {
        var written = new SimulatedFiles();
        await WriteRewrittenSampleAsync(written);
        var files = await ReadFrozenAsync("log-v2.zip", (path, bytes) => Assert.True(bytes.AsSpan().SequenceEqual(written.ReadAll(path)), path));
        await using var fixture = Open(files.Copy());
        Assert.Equal(await File.ReadAllTextAsync(System.IO.Path.Combine(Frozen, "log-v2.txt"), TestContext.Current.CancellationToken), DescribeAll(fixture));
    }

    /// <summary>Puts the files of a frozen log on a simulated disk; each is shown to the test as well.</summary>
    private static async Task<SimulatedFiles> ReadFrozenAsync(string name, Action<string, byte[]>? seen = null)
    {
        var files = new SimulatedFiles();
        using var archive = ZipFile.OpenRead(System.IO.Path.Combine(Frozen, name));
        foreach (var entry in archive.Entries)
        {
            using var from = entry.Open();
            using var bytes = new MemoryStream();
            await from.CopyToAsync(bytes, TestContext.Current.CancellationToken);
            var path = LogFixture.Path + "/" + entry.FullName;
            files.Create(path).Write(bytes.ToArray(), 0);
            seen?.Invoke(path, bytes.ToArray());
        }

        files.SyncDirectory(LogFixture.Path);
        return files;
    }

    /// <summary>Two files of the snapshot log: one rewritten, one in use.</summary>
    private static async Task WriteSnapshotSampleAsync(SimulatedFiles files)
    {
        var options = SmallSegments;
        options.CleanInBackground = false;
        await using var fixture = Open(files, options);
        var logs = new[] { "a", "b", "c" }.Select(key => fixture.Log.OpenReplica(GroupOf(key))).ToArray();
        for (var i = 1; i <= 6; i++)
        {
            foreach (var log in logs) await log.AppendAsync([Entry(1, i)]);
            foreach (var log in logs.Take(i > 2 ? 2 : 3)) await log.SaveSnapshotAsync(Snapshot(At(1, i), 3000), new LogIndex(i));
        }

        await fixture.Log.CleanAsync(1000);
    }

    private static async Task WriteRewrittenSampleAsync(SimulatedFiles files)
    {
        var options = new WriteAheadLogOptions { SegmentBytes = WriteAheadLogOptions.MinSegmentBytes, InlineSnapshotBytes = 256, SnapshotAfterSegments = 1000, CleanInBackground = false };
        await using var fixture = Open(files, options);
        var a = fixture.Log.OpenReplica(GroupOf("a"));
        await a.AppendAsync(Entries(1, 1, 9));
        await a.CutFromAsync(new LogIndex(6));
        await a.SaveSnapshotAsync(Snapshot(At(1, 3)), new LogIndex(2));
        await a.PromiseAsync(new Epoch(4));
        var b = fixture.Log.OpenReplica(GroupOf("b"));
        await b.AppendAsync(Entries(3, 1, 9));
        await b.InstallSnapshotAsync(Snapshot(At(4, 7)));
        await b.SaveSnapshotAsync(Snapshot(At(4, 7)), new LogIndex(7));
        await b.AppendAsync(Entries(5, 8, 2));
        var c = fixture.Log.OpenReplica(GroupOf("c"));
        for (var i = 1; i <= 150; i++) await c.AppendAsync([Entry(1, i, new string('.', 200))]);
        await c.SaveSnapshotAsync(Snapshot(At(1, 150)), new LogIndex(150));
        Assert.True(await fixture.Log.CleanAsync(2) > 0);
    }

    /// <summary>Writes every type of record, one record a batch, so that the bytes do not depend on timing.</summary>
    internal static async Task WriteSampleAsync(SimulatedFiles files)
    {
        await using var fixture = Open(files);
        var a = fixture.Log.OpenReplica(GroupOf("a"));
        await a.PromiseAsync(new Epoch(1));
        await a.AppendAsync(Entries(1, 1, 5));
        await a.SaveOrphansAsync(a.Read(new LogIndex(4), 9, 9999), At(1, 3));
        await a.CutFromAsync(new LogIndex(4));
        await a.SaveSnapshotAsync(Snapshot(At(1, 2)), new LogIndex(1));
        await a.AppendAsync([Entry(2, 4, dataLossCount: 1)]);
        var b = fixture.Log.OpenReplica(GroupOf("b"));
        await b.AppendAsync(Entries(3, 1, 2));
        await b.InstallSnapshotAsync(Snapshot(At(3, 7), 1000, dataLossCount: 2));
        var c = fixture.Log.OpenReplica(GroupOf("c"));
        await c.AppendAsync(Entries(1, 1, 1));
        await fixture.Log.DropReplicaAsync(GroupOf("c"));
    }

    private static string DescribeAll(LogFixture fixture) =>
        string.Join("\n\n", fixture.Log.Groups.OrderBy(group => group.ToString(), StringComparer.Ordinal).Select(group => $"{group}\n{Describe(fixture.Log.OpenReplica(group))}"));
}
