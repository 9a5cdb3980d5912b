using System.IO.Compression;
using System.Text.Json;
using Bank.Grains;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.TestKit;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Tool;

/// <summary>Each command on logs that were written by the real one and closed, and on what is no log.</summary>
public sealed class ToolTests : IDisposable
{
    private const string Node = "11111111-2222-3333-4444-555555555555";
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    private async Task WriteAsync()
    {
        await using var fixture = Open(DiskFiles.Instance, path: _folder.Path);
        var a = fixture.Log.OpenReplica(GroupOf("a"));
        await a.AppendAsync(Entries(1, 1, 5));
        await a.SaveOrphansAsync(a.Read(new(4), 9, 9999), At(1, 3));
        await a.CutFromAsync(new(4));
        await a.PromiseAsync(new(2));
        await a.AppendAsync([Entry(2, 4)]);
        var b = fixture.Log.OpenReplica(GroupOf("b"));
        await b.AppendAsync(Entries(3, 1, 4));
        await b.SaveSnapshotAsync(Snapshot(At(3, 3), 1000), new(2));
    }

    [Fact]
    public async Task Info_TellsNodeSegmentsAndGroups()
    {
        await WriteAsync();
        var before = ToolRun.Fingerprint(_folder.Path);
        var run = await ToolRun.OfAsync("info", _folder.Path);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains($"node            {Node}", run.Lines);
        Assert.Contains("store           none yet", run.Lines);
        Assert.Contains("starts          1", run.Lines);
        Assert.Contains("boot id         boot", run.Lines);
        Assert.Contains("segments        1: 1 to 1", run.Lines);
        Assert.Contains("test.group/a  base e0:0  last e2:4  promised e2  birth bbbbbbbb", run.Lines);
        Assert.Contains("test.group/b  base e3:2  last e3:4  promised e0  snapshot e3:3 in the snapshot log, number 1", run.Lines);
        Assert.Contains("orphan files    1", run.Lines);
        Assert.Equal(before, ToolRun.Fingerprint(_folder.Path));
    }

    [Fact]
    public async Task Dump_ShowsEachEntry_AndWhatMadeItVoid()
    {
        await WriteAsync();
        var run = await ToolRun.OfAsync("dump", _folder.Path, "--group", "test.group/a");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(8, run.Lines.Length);
        Assert.StartsWith("test.group/a  e1:1  2030-01-01T00:00:01.0000000Z  operation  request aaaaaaaa-0000-0000-0000-000000000001/1  11 bytes 7061796c6f616420313a31", run.Lines[0]);
        Assert.Equal("test.group/a  e0:4  cut from here on", run.Lines[5]);
        Assert.Equal("test.group/a  e2:-1  promise", run.Lines[6]);

        var range = await ToolRun.OfAsync("dump", _folder.Path, "--group", "test.group/a", "--from", "2", "--to", "3");
        Assert.Equal(run.Lines[1..3], range.Lines);
    }

    /// <summary>Whoever has the key of a mastership can predict what its operations draw.</summary>
    [Theory]
    [InlineData("--json")]
    [InlineData("--from", "0")]
    public async Task Dump_ShowsNoKey(params string[] how)
    {
        await using (var fixture = Open(DiskFiles.Instance, path: _folder.Path))
        {
            var log = fixture.Log.OpenReplica(GroupOf("a"));
            await log.AppendAsync([Barrier(1, 1), new LogEntry { Kind = EntryKind.Barrier, Position = At(2, 2), TimeUtc = default, Payload = KeyOf(1).ForTheLog.ToArray() }]);
        }

        var run = await ToolRun.OfAsync(["dump", _folder.Path, .. how]);
        Assert.Equal((0, 2), (run.ExitCode, run.Lines.Length));
        Assert.DoesNotContain(Convert.ToHexString(KeyOf(1).ForTheLog[..4]), run.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("app", run.Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dump_AsJson_IsOneObjectALine()
    {
        await WriteAsync();
        var run = await ToolRun.OfAsync("dump", _folder.Path, "--json", "--from", "4", "--to", "4");
        var entries = run.Lines.Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(["test.group/a e1", "test.group/a e2", "test.group/b e3"], entries.Select(e => $"{e.GetProperty("group")} e{e.GetProperty("epoch")}"));
        Assert.All(entries, e => Assert.Equal((4, "operation", 11), (e.GetProperty("index").GetInt64(), e.GetProperty("kind").GetString(), e.GetProperty("payloadBytes").GetInt32())));
        Assert.Equal("aaaaaaaa-0000-0000-0000-000000000001", entries[0].GetProperty("client").GetString());
    }

    [Fact]
    public async Task Dump_WithAssembly_ShowsTheCall_AlsoInAProcessThatKnowsNothingOfIt()
    {
        await WriteCallsAsync();
        var bank = typeof(IAccountGrain).Assembly.Location;
        foreach (var run in new[] { await ToolRun.OfAsync("dump", _folder.Path, "--assembly", bank), await ToolRun.OfProcessAsync("dump", _folder.Path, "--assembly", bank) })
        {
            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            Assert.EndsWith("Bank.Grains.IAccountGrain.Deposit(\"t-1\", 5)", run.Lines[0].Replace("  unconfirmed", ""));
            Assert.Contains("4 bytes deadbeef  (not readable: ", run.Lines[1]);
        }

        var json = await ToolRun.OfAsync("dump", _folder.Path, "--json", "--assembly", bank);
        var entry = JsonDocument.Parse(json.Lines[0]).RootElement;
        Assert.Equal("Deposit", entry.GetProperty("method").GetString());
        Assert.Equal(["\"t-1\"", "5"], entry.GetProperty("arguments").EnumerateArray().Select(argument => argument.GetRawText()));
    }

    [Fact]
    public async Task Orphans_AreListed_AndExported()
    {
        await WriteCallsAsync();
        var bank = typeof(IAccountGrain).Assembly.Location;
        var export = _folder.File("../" + System.IO.Path.GetFileName(_folder.Path) + ".jsonl");
        try
        {
            var run = await ToolRun.OfAsync("orphans", _folder.Path, "--assembly", bank, "--export", export);
            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            Assert.Equal("test.group%2fa-1-1.orphans: 1 operations of test.group/a after e1:0", run.Lines[0]);
            Assert.EndsWith("IAccountGrain.Deposit(\"t-1\", 5)", run.Lines[1]);
            Assert.Equal("1 operations in 1 files", run.Lines[2]);
            var line = Assert.Single(await File.ReadAllLinesAsync(export, TestContext.Current.CancellationToken));
            Assert.Equal("Deposit", JsonDocument.Parse(line).RootElement.GetProperty("method").GetString());

            var again = await ToolRun.OfAsync("orphans", _folder.Path, "--export", export); // never over something
            Assert.Equal(2, again.ExitCode);
        }
        finally
        {
            File.Delete(export);
        }

        Assert.Equal(2, (await ToolRun.OfAsync("orphans", _folder.Path, "--export", _folder.File("orphans/x.jsonl"))).ExitCode);
    }

    [Fact]
    public async Task OrphanedOperations_AreReadBack_WithTheirArguments()
    {
        await WriteCallsAsync();
        using var client = ToolRun.Client();
        var found = OrphanedOperations.Read(_folder.Path, client.Services);
        Assert.Empty(found.Unread);
        var operation = Assert.Single(found.Operations);
        Assert.Equal(GroupOf("a").Grain, operation.Grain);
        Assert.Equal("Deposit", operation.Method);
        Assert.Equal(["t-1", 5m], operation.Arguments);
        Assert.Equal((1, 1, new DateTime(2030, 1, 1, 0, 0, 1, DateTimeKind.Utc)), (operation.Epoch, operation.Index, operation.TimeUtc));
        Assert.Equal(OrphanFile.List(_folder.Path), [operation.File]);
        Assert.Empty(OrphanedOperations.Read(_folder.File("nowhere"), client.Services).Operations);
    }

    [Fact]
    public async Task OrphanedOperations_OfADamagedFile_AreTold_AndThoseOfTheOthersRead()
    {
        await WriteCallsAsync();
        using var client = ToolRun.Client();
        await using (var fixture = Open(DiskFiles.Instance, path: _folder.Path))
        {
            var log = fixture.Log.OpenReplica(GroupOf("b"));
            for (var i = 1; i <= 2; i++) await log.SaveOrphansAsync([ToolRun.Entry(1, i, ToolRun.Deposit(client.Services, $"t-{i}", i))], At(1, i - 1));
            await log.SaveOrphansAsync([ToolRun.Entry(2, 1, [0xde, 0xad]), ToolRun.Entry(2, 2, ToolRun.Deposit(client.Services, "t-9", 9))], At(1, 0));
        }

        var files = OrphanFile.List(_folder.Path);
        File.WriteAllBytes(files[0], [.. File.ReadAllBytes(files[0]).Select((b, i) => i == 70 ? (byte)(b ^ 1) : b)]);
        var found = OrphanedOperations.Read(_folder.Path, client.Services);
        Assert.Equal([(files[1], 1m), (files[2], 2m), (files[3], 9m)], found.Operations.Select(operation => (operation.File, (decimal)operation.Arguments[1]!)));
        Assert.Equal([(files[0], null), (files[3], 1L)], found.Unread.Select(unread => (unread.File, unread.Index)));
        Assert.IsType<LogDamagedException>(found.Unread[0].Reason);
    }

    [Fact]
    public async Task Frozen_Version3_IsWhole()
    {
        ZipFile.ExtractToDirectory(System.IO.Path.Combine(AppContext.BaseDirectory, "Journal", "Frozen", "log-v3.zip"), _folder.Path);
        var verify = await ToolRun.OfAsync("verify", _folder.Path);
        Assert.Equal(0, verify.ExitCode);
        Assert.StartsWith("whole: ", verify.Lines[^1]);
        Assert.EndsWith("1 snapshots in the snapshot log, 1 orphan files", verify.Lines[^1]);
        Assert.Equal(0, (await ToolRun.OfAsync("info", _folder.Path)).ExitCode);
        Assert.Equal(0, (await ToolRun.OfAsync("dump", _folder.Path)).ExitCode);
        Assert.Equal("2 operations in 1 files", (await ToolRun.OfAsync("orphans", _folder.Path)).Lines[^1]);
    }

    [Fact]
    public async Task Frozen_Version4_IsWhole_AndInfoListsTheFilesThatThereAre()
    {
        ZipFile.ExtractToDirectory(System.IO.Path.Combine(AppContext.BaseDirectory, "Journal", "Frozen", "log-v4-rewritten.zip"), _folder.Path);
        Assert.Equal(0, (await ToolRun.OfAsync("verify", _folder.Path)).ExitCode);
        var info = await ToolRun.OfAsync("info", _folder.Path);
        Assert.Equal(0, info.ExitCode);
        Assert.Contains("segments        3: 3 to 5", info.Lines);
        Assert.Equal(
            Directory.GetFiles(_folder.Path, "log-*").Select(path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal),
            info.Lines.Where(line => line.StartsWith("log-", StringComparison.Ordinal)).Select(line => line[..line.IndexOf(' ')]));
        Assert.EndsWith("rewritten, stands for 1 to 3", Assert.Single(info.Lines, line => line.StartsWith(SegmentHeader.FileName(3), StringComparison.Ordinal)));
        Assert.DoesNotContain("NOT READ", info.Output);

        // Until the oldest segments are let go, the list has the number of each that was rewritten.
        using var files = new ReadOnlyFiles();
        var list = SegmentManifest.Read(files, _folder.Path, null) with { First = 1 };
        await File.WriteAllBytesAsync(_folder.File(SegmentManifest.FileName), list.ToBytes(), TestContext.Current.CancellationToken);
        var before = await ToolRun.OfAsync("info", _folder.Path);
        Assert.Contains("segments        3: 1 to 5", before.Lines);
        Assert.Equal(3, before.Lines.Count(line => line.StartsWith("log-", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("info")]
    [InlineData("dump")]
    [InlineData("verify")]
    [InlineData("orphans")]
    public async Task WhatIsNoLog_IsExitCode2(string command)
    {
        Assert.Equal(2, (await ToolRun.OfAsync(command)).ExitCode);
        Assert.Equal(2, (await ToolRun.OfAsync(command, _folder.Path, "--nonsense")).ExitCode);
        var missing = await ToolRun.OfAsync(command, _folder.File("nowhere"));
        Assert.Equal(2, missing.ExitCode);
        Assert.Contains("There is no folder", missing.Error);
        var empty = await ToolRun.OfAsync(command, _folder.Path);
        Assert.Equal(2, empty.ExitCode);
        Assert.Contains("no log directory", empty.Error);
    }

    [Fact]
    public async Task AnotherVersion_IsExitCode2_AndSaysSo()
    {
        await WriteAsync();
        var segment = _folder.File(SegmentHeader.FileName(1));
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        bytes[8] = 2;
        BitConverter.TryWriteBytes(bytes.AsSpan(56), System.IO.Hashing.XxHash3.HashToUInt64(bytes.AsSpan(0, 56)));
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);
        foreach (var command in new[] { "info", "dump", "verify" })
        {
            var run = await ToolRun.OfAsync(command, _folder.Path);
            Assert.Equal(2, run.ExitCode);
            Assert.Contains("version 2", command == "dump" ? run.Error : run.Output);
        }
    }

    [Fact]
    public async Task AssemblyThatCannotBeLoaded_IsExitCode2()
    {
        await WriteAsync();
        var run = await ToolRun.OfAsync("dump", _folder.Path, "--assembly", _folder.File("node"));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("cannot be loaded", run.Error);
        Assert.Equal(2, (await ToolRun.OfAsync("dump", _folder.Path, "--assembly", _folder.File("nowhere.dll"))).ExitCode);
    }

    private async Task WriteCallsAsync()
    {
        using var client = ToolRun.Client();
        await using var fixture = Open(DiskFiles.Instance, path: _folder.Path);
        var log = fixture.Log.OpenReplica(GroupOf("a"));
        await log.AppendAsync([ToolRun.Entry(1, 1, ToolRun.Deposit(client.Services, "t-1", 5))]);
        await log.SaveOrphansAsync(log.Read(new(1), 9, 9999), At(1, 0));
        await log.AppendAsync([ToolRun.Entry(1, 2, [0xde, 0xad, 0xbe, 0xef])]);
    }
}
