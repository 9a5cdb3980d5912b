using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.Tests.Journal;

public sealed class ReadOnlyFilesTests : IDisposable
{
    private readonly TempDirectory _folder = new();
    private readonly ReadOnlyFiles _files = new();

    public void Dispose()
    {
        _files.Dispose();
        _folder.Dispose();
    }

    private string Write(params byte[] bytes)
    {
        var path = _folder.File("file");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private byte[] Read(string path)
    {
        using var file = _files.Open(path);
        var bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.Read(bytes, 0));
        return bytes;
    }

    [Fact]
    public void GrowingFile_ShowsWhatWasThere_AndZerosWhereMoreCame()
    {
        var path = Write(1, 2, 0, 3, 0, 0, 0, 0);
        Assert.True(_files.Hold(path, growing: true));
        using (var writer = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) writer.Write([1, 2, 9, 3, 4, 5, 6, 7, 8]);
        Assert.Equal([1, 2, 9, 3, 0, 0, 0, 0], Read(path)); // what lies before a byte that was seen may be finished later
        _files.Release();
        Assert.Equal([1, 2, 9, 3, 4, 5, 6, 7, 8], Read(path));
    }

    [Fact]
    public void HeldFile_OutlivesItsDeletion_AndWhatIsCutOffReadsAsZeros()
    {
        var path = Write(1, 2, 3, 4);
        Assert.True(_files.Hold(path, growing: false));
        using (var writer = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) writer.SetLength(2);
        File.Delete(path);
        Assert.True(_files.Exists(path));
        Assert.Equal([1, 2, 0, 0], Read(path));
        Assert.Equal([1, 2, 0, 0], Read(path)); // closing a held file does not let it go
        _files.Release();
        Assert.False(_files.Exists(path));
        Assert.Throws<FileNotFoundException>(() => _files.Open(path));
        Assert.False(_files.Hold(path, growing: false));
    }

    [Fact]
    public void EverythingThatChangesSomething_IsRefused()
    {
        var path = Write(1, 2);
        using var file = _files.Open(path);
        Action[] changes =
        [
            () => _files.Create(path), () => _files.Delete(path), () => _files.Replace(path, path), () => _files.CreateDirectory(path), () => _files.SyncDirectory(path),
            () => _files.Lock(path), () => file.Write([1], 0), () => file.Reserve(9), () => file.Truncate(0), file.Sync,
        ];
        Assert.All(changes, change => Assert.Throws<InvalidOperationException>(change));
        Assert.Equal([1, 2], Read(path));
    }
}
