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

    private static readonly Dictionary<string, Func<SimulatedFiles, Task>> Samples = new()
    {
        ["log-v3"] = WriteSampleAsync,
        ["log-v4-rewritten"] = WriteRewrittenSampleAsync,
        ["snapshots-v2"] = WriteSnapshotSampleAsync,
    };

    public static TheoryData<string> Names => [.. Samples.Keys];

    [Theory, MemberData(nameof(Names))]
    public async Task Version_IsReadBack_AndWrittenAsItWas(string name)
    {
        var written = new SimulatedFiles();
        await Samples[name](written);
        var files = await ReadFrozenAsync($"{name}.zip", (path, bytes) => Assert.True(bytes.AsSpan().SequenceEqual(written.ReadAll(path)), path));
        await using var fixture = Open(files.Copy());
        Assert.Equal(2, fixture.Directory.StartCount);
        Assert.Equal(await File.ReadAllTextAsync(System.IO.Path.Combine(Frozen, $"{name}.txt"), TestContext.Current.CancellationToken), DescribeAll(fixture));
        foreach (var orphans in OrphanFile.List(LogFixture.Path, files)) Assert.Equal(At(1, 3), OrphanFile.Read(orphans, files).CutAfter);
    }

    [Fact]
    public async Task VersionsThatWereNeverPublished_AreRefused_ByName()
    {
        var files = await ReadFrozenAsync("log-v3.zip");
        files.Alter(files.All.Single(path => path.EndsWith(".segment", StringComparison.Ordinal)), bytes =>
        {
            bytes[8] = 1;
            BitConverter.TryWriteBytes(bytes.AsSpan(56), System.IO.Hashing.XxHash3.HashToUInt64(bytes.AsSpan(0, 56)));
            return bytes;
        });
        Assert.Contains("version 1", Assert.Throws<LogFormatException>(() => Open(files)).Message, StringComparison.Ordinal);
    }

    /// <summary>Writes the frozen files anew, into the folder that MASTERSLAVE_FREEZE names: for a new version of the format only.</summary>
    [Fact(Explicit = true)]
    public async Task Freeze()
    {
        var folder = Environment.GetEnvironmentVariable("MASTERSLAVE_FREEZE")!;
        foreach (var (name, write) in Samples)
        {
            var files = new SimulatedFiles();
            await write(files);
            var zip = System.IO.Path.Combine(folder, $"{name}.zip");
            File.Delete(zip);
            using (var archive = ZipFile.Open(zip, ZipArchiveMode.Create))
            {
                foreach (var path in files.All.Where(path => !path.EndsWith("lock", StringComparison.Ordinal)))
                {
                    await using var to = archive.CreateEntry(path[(LogFixture.Path.Length + 1)..]).Open();
                    await to.WriteAsync(files.ReadAll(path), TestContext.Current.CancellationToken);
                }
            }

            await using var fixture = Open(files.Copy());
            await File.WriteAllTextAsync(System.IO.Path.Combine(folder, $"{name}.txt"), DescribeAll(fixture), TestContext.Current.CancellationToken);
        }
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
