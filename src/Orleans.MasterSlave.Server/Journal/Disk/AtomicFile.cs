namespace Orleans.MasterSlave.Journal;

/// <summary>Small files that are replaced as a whole: after a crash there is the old content or the new, never a mixture.</summary>
internal static class AtomicFile
{
    private static readonly string[] TemporarySuffixes = [".tmp", ".tmp2"];

    /// <summary>Makes sure that the next two writes need no disk space, so that a full disk cannot stop what gives space back.</summary>
    /// <exception cref="LogFullException">There is no room.</exception>
    public static void Prepare(ILogFiles files, string directory, string name, int length)
    {
        foreach (var suffix in TemporarySuffixes)
        {
            var path = Path.Combine(directory, name) + suffix;
            if (files.Exists(path)) continue;
            using var file = files.Create(path);
            try
            {
                file.Reserve(length);
                file.Sync();
            }
            catch (LogFullException)
            {
                file.Dispose();
                files.Delete(path);
                throw;
            }
        }
    }

    public static void Write(ILogFiles files, string directory, string name, ReadOnlySpan<byte> bytes)
    {
        var path = Path.Combine(directory, name);
        var temporary = Array.Find(TemporarySuffixes, suffix => files.Exists(path + suffix));
        using (var file = temporary is null ? files.Create(path + TemporarySuffixes[0]) : files.Open(path + temporary))
        {
            if (file.Length > bytes.Length) file.Truncate(bytes.Length); // left by a crash
            file.Write(bytes, 0);
            file.Sync();
        }

        files.Replace(path + (temporary ?? TemporarySuffixes[0]), path);
        files.SyncDirectory(directory);
    }

    public static byte[] Read(ILogFiles files, string path)
    {
        using var file = files.Open(path);
        return ReadAll(file);
    }

    public static byte[] ReadAll(ILogFile file)
    {
        var bytes = new byte[file.Length];
        var read = file.ReadAt(bytes, 0);
        return read == bytes.Length ? bytes : bytes[..read];
    }
}
