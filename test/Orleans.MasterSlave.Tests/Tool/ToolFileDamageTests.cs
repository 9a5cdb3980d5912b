using System.IO.Hashing;
using System.Text.Json;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.TestKit;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Tool;

/// <summary>
/// A file that a silo would refuse to open on, in a directory where more is harmed: what else there is to find is found. A log of several segments, closed
/// in order; a record of its second segment, the snapshot and the orphan file are harmed as well.
/// </summary>
public sealed class ToolFileDamageTests : IDisposable
{
    private const string Snapshot1 = "snapshots/0000000000000001.snapshot";
    private static readonly Guid OtherNode = new("99999999-2222-3333-4444-555555555555");
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    private string OrphanName => System.IO.Path.GetRelativePath(_folder.Path, OrphanFile.List(_folder.Path).Single());

    private int Segments => Directory.GetFiles(_folder.Path, "log-*.segment").Length;

    private async Task WriteAsync()
    {
        await using var fixture = Open(DiskFiles.Instance, path: _folder.Path);
        var logs = new[] { "a", "b", "c" }.Select(key => fixture.Log.OpenReplica(GroupOf(key))).ToArray();
        for (var i = 1; i <= 60; i++)
        {
            foreach (var log in logs) await log.AppendAsync([Entry(1, i, $"{i} {new string('x', 100)}")]);
        }

        await logs[2].SaveSnapshotAsync(Snapshot(At(1, 50), 2000), new(50));
        await logs[2].SaveOrphansAsync(logs[2].Read(new(60), 1, 1), At(1, 59));
    }

    /// <summary>Harms one record of group a in segment 2, the snapshot and the orphan file; returns how the three findings begin.</summary>
    private async Task<string[]> HarmOthersAsync()
    {
        var dump = await ToolRun.OfAsync("dump", _folder.Path, "--json", "--group", "test.group/a");
        var offset = dump.Lines.Select(line => JsonDocument.Parse(line).RootElement)
            .First(entry => entry.GetProperty("file").GetString() == SegmentHeader.FileName(2)).GetProperty("offset").GetInt32();
        Alter(SegmentHeader.FileName(2), bytes => bytes[offset + 130] ^= 1);
        Alter(Snapshot1, bytes => bytes[200] ^= 1);
        Alter(OrphanName, bytes => bytes[100] ^= 1);
        return
        [
            $"damage  {_folder.File(SegmentHeader.FileName(2))}  offset {offset}  group test.group/a  the body of a record is damaged",
            $"damage  {_folder.File(Snapshot1)}  offset 0  group test.group/c",
            $"damage  {_folder.File(OrphanName)}  offset 0",
        ];
    }

    private void Alter(string name, Action<byte[]> change)
    {
        var bytes = File.ReadAllBytes(_folder.File(name));
        change(bytes);
        File.WriteAllBytes(_folder.File(name), bytes);
    }

    // Changed on purpose: the checksum is right.
    private static void Seal(byte[] bytes, int checksumAt) => BitConverter.TryWriteBytes(bytes.AsSpan(checksumAt), XxHash3.HashToUInt64(bytes.AsSpan(0, checksumAt)));

    private void Harm(string name, string how)
    {
        var checksumAt = (name.EndsWith(".segment", StringComparison.Ordinal) ? SegmentHeader.Bytes : (int)new FileInfo(_folder.File(name)).Length) - 8;
        switch (how)
        {
            case "flipped":
                Alter(name, bytes => bytes[20] ^= 1);
                break;
            case "begins otherwise":
                Alter(name, bytes => bytes.AsSpan(0, 8).Fill((byte)'?'));
                break;
            case "empty":
                File.WriteAllBytes(_folder.File(name), []);
                break;
            case "missing":
                File.Delete(_folder.File(name));
                break;
            case "another node's":
                Alter(name, bytes =>
                {
                    OtherNode.TryWriteBytes(bytes.AsSpan(16));
                    Seal(bytes, checksumAt);
                });
                break;
            case "newer":
                Alter(name, bytes =>
                {
                    bytes[8] = 9;
                    if (name == Snapshot1) SealHead(bytes, 0, file: 1);
                    else Seal(bytes, checksumAt);
                });
                break;
        }
    }

    public static TheoryData<string, string> SmallFiles
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var name in new[] { NodeFile.FileName, SegmentManifest.FileName })
            foreach (var how in new[] { "flipped", "begins otherwise", "empty", "missing", "another node's" })
                data.Add(name, how);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(SmallFiles))]
    public async Task BrokenSmallFile_IsOneFinding_AndAllElseIsStillFound(string name, string how)
    {
        await WriteAsync();
        var others = await HarmOthersAsync();
        Harm(name, how);
        var before = ToolRun.Fingerprint(_folder.Path);
        var run = await ToolRun.OfAsync("verify", _folder.Path);
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        foreach (var other in others.Append($"damage  {_folder.File(name)}  ")) Assert.Single(run.Lines, line => line.StartsWith(other, StringComparison.Ordinal));
        Assert.StartsWith("4 damages: ", run.Lines[^1]);
        Assert.Contains("refused  ", run.Output);

        var info = await ToolRun.OfAsync("info", _folder.Path);
        Assert.Equal((1, ""), (info.ExitCode, info.Error));
        Assert.Contains("node            11111111-2222-3333-4444-555555555555", info.Output);
        Assert.Contains(info.Lines, line => line.StartsWith($"damage  {_folder.File(name)}  ", StringComparison.Ordinal));
        Assert.Contains(info.Lines, line => line.StartsWith("test.group/b  base e0:0  last e1:60", StringComparison.Ordinal));
        Assert.Equal(before, ToolRun.Fingerprint(_folder.Path));
    }

    [Theory]
    [InlineData(1, "begins otherwise")]
    [InlineData(1, "another node's")]
    [InlineData(1, "empty")]
    [InlineData(1, "newer")]
    [InlineData(3, "begins otherwise")]
    [InlineData(3, "another node's")]
    [InlineData(3, "newer")]
    public async Task BrokenHeadOfASegment_IsOneFinding_AndAllElseIsStillFound(int number, string how)
    {
        await WriteAsync();
        Assert.True(Segments > 3);
        var others = await HarmOthersAsync();
        Harm(SegmentHeader.FileName(number), how);
        var run = await ToolRun.OfAsync("verify", _folder.Path);
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        var own = $"{(how == "newer" ? "unread" : "damage")}  {_folder.File(SegmentHeader.FileName(number))}  offset 0  ";
        foreach (var other in others.Append(own)) Assert.Single(run.Lines, line => line.StartsWith(other, StringComparison.Ordinal) && !line.Contains("follows"));
    }

    [Fact]
    public async Task EverythingBrokenAtOnce_IsAllNamed()
    {
        await WriteAsync();
        var others = await HarmOthersAsync();
        string[] broken = [NodeFile.FileName, SegmentManifest.FileName, SegmentHeader.FileName(1), SegmentHeader.FileName(3)];
        foreach (var name in broken) Harm(name, "begins otherwise");
        var run = await ToolRun.OfAsync("verify", _folder.Path);
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        foreach (var begin in others.Concat(broken.Select(name => $"damage  {_folder.File(name)}  offset 0  ")))
            Assert.Contains(run.Lines, line => line.StartsWith(begin, StringComparison.Ordinal));
    }

    [Fact]
    public async Task NoFileThatTellsTheNode_StillNamesEachFile()
    {
        await WriteAsync();
        var segments = Segments;
        foreach (var path in Directory.GetFiles(_folder.Path)) Harm(System.IO.Path.GetFileName(path), "empty");
        Alter(OrphanName, bytes => bytes[100] ^= 1);
        var run = await ToolRun.OfAsync("verify", _folder.Path);
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        Assert.Contains($"damage  {_folder.File(NodeFile.FileName)}  ", run.Output);
        Assert.Contains($"damage  {_folder.File(SegmentManifest.FileName)}  ", run.Output);
        Assert.Contains($"damage  {_folder.File(OrphanName)}  ", run.Output);
        for (var number = 1; number <= segments; number++) Assert.Contains($"damage  {_folder.File(SegmentHeader.FileName(number))}  ", run.Output);
        Assert.Contains("node            not known", (await ToolRun.OfAsync("info", _folder.Path)).Output);
    }

    [Fact]
    public async Task BrokenListOfSegments_BesideASpareThatACrashLeft_CountsOnce()
    {
        await WriteAsync();
        await File.WriteAllBytesAsync(_folder.File(SegmentHeader.FileName(Segments + 1)), new byte[WriteAheadLogOptions.MinSegmentBytes], TestContext.Current.CancellationToken);
        Harm(SegmentManifest.FileName, "missing");
        var run = await ToolRun.OfAsync("verify", _folder.Path);
        Assert.StartsWith("1 damages: ", run.Lines[^1]);
        Assert.Contains($"in segments 1 to {Segments - 1},", run.Lines[^1]);
    }

    [Theory]
    [InlineData("node")]
    [InlineData("segments")]
    [InlineData("log-0000000000000001.segment")]
    [InlineData("log-0000000000000003.segment")]
    [InlineData(Snapshot1)]
    [InlineData("orphans")]
    public async Task FileOfANewerVersion_IsNoDamage_AndExitCode2(string name)
    {
        await WriteAsync();
        Harm(name = name == "orphans" ? OrphanName : name, "newer");
        var run = await ToolRun.OfAsync("verify", _folder.Path);
        Assert.Equal((2, ""), (run.ExitCode, run.Error));
        Assert.Contains("version 9", Assert.Single(run.Lines, line => line.StartsWith($"unread  {_folder.File(name)}  offset 0  ", StringComparison.Ordinal)));
        Assert.DoesNotContain("damage  ", run.Output);
        Assert.DoesNotContain("quarantined", run.Output);
        Assert.StartsWith("1 files not read: ", run.Lines[^1]);
    }

    [Fact]
    public async Task FileWithoutPermission_IsExitCode2_AndAllElseIsStillFound()
    {
        if (OperatingSystem.IsWindows()) return;
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "Root may read everything.");
        await WriteAsync();
        foreach (var name in new[] { SegmentHeader.FileName(1), Snapshot1, OrphanName }) File.SetUnixFileMode(_folder.File(name), UnixFileMode.None);
        var run = await ToolRun.OfAsync("verify", _folder.Path);
        Assert.Equal((2, ""), (run.ExitCode, run.Error));
        Assert.Equal(3, run.Lines.Count(line => line.StartsWith("unread  ", StringComparison.Ordinal)));
        Harm(SegmentManifest.FileName, "flipped");
        Assert.Equal(1, (await ToolRun.OfAsync("verify", _folder.Path)).ExitCode);
    }

    [Fact]
    public async Task OrphanFileOfANewerVersion_IsNamed_AndTheOthersAreShown()
    {
        await WriteAsync();
        await using (var fixture = Open(DiskFiles.Instance, path: _folder.Path))
            await fixture.Log.OpenReplica(GroupOf("a")).SaveOrphansAsync([Entry(1, 61)], At(1, 60));
        var newer = System.IO.Path.GetRelativePath(_folder.Path, OrphanFile.List(_folder.Path)[0]);
        Harm(newer, "newer");
        var run = await ToolRun.OfAsync("orphans", _folder.Path);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"unread  {_folder.File(newer)}  ", run.Error);
        Assert.Equal("1 operations in 1 files", run.Lines[^1]);
    }
}
