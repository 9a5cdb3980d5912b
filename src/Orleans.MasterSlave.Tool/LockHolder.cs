using System.Globalization;
using System.Runtime.InteropServices;

namespace Orleans.MasterSlave.Tool;

/// <summary>Who holds a lock file, without asking for the lock: a silo that starts just now must not be refused because somebody looked.</summary>
internal static partial class LockHolder
{
    private const int CurrentDirectory = -100;  // AT_FDCWD
    private const uint InodeMask = 0x100;       // STATX_INO
    private const int StatxBytes = 256, InodeOffset = 32, MajorOffset = 136, MinorOffset = 140;
    private const string LocksPath = "/proc/locks";

    public static string Describe(string path)
    {
        if (!File.Exists(path)) return "free (no lock file)";
        if (!OperatingSystem.IsLinux() || !File.Exists(LocksPath)) return "cannot be told on this system";
        return Find(path) is { } process ? $"held by process {process} {NameOf(process)}" : "free, as far as can be seen from here";
    }

    /// <summary>The process that holds it; null when nobody does.</summary>
    private static int? Find(string path)
    {
        var stat = new byte[StatxBytes];
        if (Statx(CurrentDirectory, path, 0, InodeMask, stat) != 0) throw new IOException($"'{path}' cannot be looked at: {Marshal.GetLastPInvokeErrorMessage()}.");
        var key = string.Create(CultureInfo.InvariantCulture,
            $"{BitConverter.ToUInt32(stat, MajorOffset):x2}:{BitConverter.ToUInt32(stat, MinorOffset):x2}:{BitConverter.ToUInt64(stat, InodeOffset)}");
        foreach (var line in File.ReadLines(LocksPath))
        {
            // 1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF; a waiting one has "->" after the number
            var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length > 5 && parts[1] == "FLOCK" && parts[5] == key) return int.Parse(parts[4], CultureInfo.InvariantCulture);
        }

        return null;
    }

    private static string NameOf(int process)
    {
        try
        {
            return $"({File.ReadAllText($"/proc/{process}/comm").Trim()})";
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return "(of another user or container)";
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, [Out] byte[] buffer);
}
