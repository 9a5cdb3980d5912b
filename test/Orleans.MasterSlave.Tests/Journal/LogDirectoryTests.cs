using System.Text;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

public sealed class LogDirectoryTests : IDisposable
{
    private readonly SimulatedFiles _files = new();
    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("journal-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Open_KeepsTheIdentity_AndCountsEveryStart()
    {
        NodeId node;
        using (var first = LogDirectory.Open(_folder.FullName))
        {
            node = first.NodeId;
            Assert.False(node.IsNone);
            Assert.Equal(1, first.StartCount);
        }

        using var second = LogDirectory.Open(_folder.FullName);
        Assert.Equal(new NodeLife(node, 2), second.Life);
    }

    [Fact]
    public void Open_CountsEveryStart_WhateverAPowerFailureLeaves()
    {
        var disk = _files;
        for (var life = 1; life < 50; life++)
        {
            using var directory = LogDirectory.Open(LogFixture.Path, disk);
            Assert.Equal(life, directory.StartCount);
            disk = disk.Crash(new Random(life));
        }
    }

    /// <summary>A copy beside the original, in the same run of the system: its own lock says nothing of the process that holds the original's.</summary>
    [Fact]
    public void Place_IsAnother_WhereTheLockIsOfACopy()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Only Linux tells which file a lock is.");
        var (original, copy, moved) = (System.IO.Path.Combine(_folder.FullName, "original"), System.IO.Path.Combine(_folder.FullName, "copy"), System.IO.Path.Combine(_folder.FullName, "moved"));
        string place;
        using (var first = LogDirectory.Open(original)) place = first.BootId;
        Assert.NotEmpty(place);
        System.IO.Directory.CreateDirectory(copy);
        foreach (var file in System.IO.Directory.EnumerateFiles(original)) File.Copy(file, System.IO.Path.Combine(copy, System.IO.Path.GetFileName(file)));
        using (var ofCopy = LogDirectory.Open(copy)) Assert.NotEqual(place, ofCopy.BootId);
        using (var ofOriginal = LogDirectory.Open(original)) Assert.Equal(place, ofOriginal.BootId);
        System.IO.Directory.Move(original, moved); // the same lock file
        using var ofMoved = LogDirectory.Open(moved);
        Assert.Equal(place, ofMoved.BootId);
    }

    [Fact]
    public void StoreId_IsSetOnce()
    {
        var (store, other) = (new StoreId(new Guid("00000000-0000-0000-0000-000000000001")), new StoreId(new Guid("00000000-0000-0000-0000-000000000002")));
        using (var first = LogDirectory.Open(LogFixture.Path, _files))
        {
            Assert.Null(first.StoreId);
            first.SetStoreId(store);
            first.SetStoreId(store);
        }

        using var second = LogDirectory.Open(LogFixture.Path, _files);
        Assert.Equal(store, second.StoreId);
        Assert.Throws<LogDirectoryMismatchException>(() => second.SetStoreId(other));
        Assert.Throws<LogDirectoryMismatchException>(() => second.SetStoreId(other));
        Assert.Equal(store, second.StoreId);
    }

    [Fact]
    public void UnwritableFolder_IsATypedError()
    {
        var file = System.IO.Path.Combine(_folder.FullName, "file");
        File.WriteAllText(file, "");
        Assert.Throws<LogDirectoryAccessException>(() => LogDirectory.Open(System.IO.Path.Combine(file, "log")));
        Assert.Throws<LogDirectoryAccessException>(() => LogDirectory.Open("/proc/no-such-folder"));
    }

    [Theory]
    [InlineData(NodeFile.FileName)]
    [InlineData(SegmentManifest.FileName)]
    public async Task EveryByteOfTheSmallFilesFlipped_IsATypedError(string name)
    {
        await Open(_files).DisposeAsync();
        var path = System.IO.Path.Combine(LogFixture.Path, name);
        for (var at = 0; at < _files.ReadAll(path).Length; at++)
        {
            var harmed = _files.Copy();
            harmed.Alter(path, bytes => { bytes[at] ^= 2; return bytes; });
            Assert.Throws<LogDamagedException>(() => Open(harmed));
        }

        var gone = _files.Copy();
        gone.Delete(path);
        Assert.Throws<LogDamagedException>(() => Open(gone));
    }

    [Fact]
    public async Task SegmentOfAnotherNode_IsRefused()
    {
        await Open(_files).DisposeAsync();
        var path = System.IO.Path.Combine(LogFixture.Path, SegmentHeader.FileName(1));
        _files.Alter(path, bytes => [.. new SegmentHeader(new NodeId(new Guid("99999999-2222-3333-4444-555555555555")), 1, 0, 1).ToBytes(), .. bytes[64..]]);
        Assert.Throws<LogDirectoryMismatchException>(() => Open(_files));
        Assert.Throws<LogDirectoryMismatchException>(() => Open(_files)); // the lock was given back
    }

    [Fact]
    public async Task ForeignFile_AndUnknownVersion_AreRefused()
    {
        await Open(_files).DisposeAsync();
        var path = System.IO.Path.Combine(LogFixture.Path, SegmentHeader.FileName(1));
        var foreign = _files.Copy();
        foreign.Alter(path, bytes => Encoding.ASCII.GetBytes("somebody else's file".PadRight(bytes.Length)));
        Assert.Contains("does not begin like", Assert.Throws<LogFormatException>(() => Open(foreign)).Message);
        _files.Alter(path, bytes =>
        {
            bytes[8] = 2;
            BitConverter.TryWriteBytes(bytes.AsSpan(56), System.IO.Hashing.XxHash3.HashToUInt64(bytes.AsSpan(0, 56)));
            return bytes;
        });
        Assert.Contains("version 2", Assert.Throws<LogFormatException>(() => Open(_files)).Message);
    }
}
