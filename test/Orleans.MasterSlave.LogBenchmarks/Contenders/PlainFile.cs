using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.LogBenchmarks.Contenders;

/// <summary>What the disk gives at best to one writer: a write and an fdatasync, into space that is reserved and written already.</summary>
internal sealed class PlainFile : IContender
{
    private const int FileBytes = 16 * 1024 * 1024;
    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle _file;
    private readonly string _path;
    private readonly byte[] _payload;
    private long _position;

    public PlainFile(string folder, byte[] payload)
    {
        Directory.CreateDirectory(folder);
        _path = Path.Combine(folder, "plain");
        _payload = payload;
        _file = File.OpenHandle(_path, FileMode.CreateNew, FileAccess.Write);
        RandomAccess.Write(_file, new byte[FileBytes], 0);
        DataSync.File(_file, _path);
    }

    public ValueTask AppendAsync(int writer)
    {
        RandomAccess.Write(_file, _payload, _position);
        _position = (_position + _payload.Length) % FileBytes;
        DataSync.File(_file, _path);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return ValueTask.CompletedTask;
    }
}
