namespace Orleans.MasterSlave.Journal;

/// <summary>Small files that are replaced as a whole: after a crash there is the old content or the new, never a mixture.</summary>
internal static class AtomicFile
{
    private const string TemporarySuffix = ".tmp";

    public static void Write(ILogFiles files, string directory, string name, ReadOnlySpan<byte> bytes)
    {
        var path = Path.Combine(directory, name);
        var temporary = path + TemporarySuffix;
        files.Delete(temporary);
        using (var file = files.Create(temporary))
        {
            file.Write(bytes, 0);
            file.Sync();
        }

        files.Replace(temporary, path);
        files.SyncDirectory(directory);
    }

    public static byte[] Read(ILogFiles files, string path)
    {
        using var file = files.Open(path);
        var bytes = new byte[file.Length];
        var read = file.Read(bytes, 0);
        return read == bytes.Length ? bytes : bytes[..read];
    }
}
