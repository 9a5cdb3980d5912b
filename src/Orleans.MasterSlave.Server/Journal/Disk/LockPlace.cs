using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Names one lock file in one run of the operating system. Whoever holds the lock of the same place knows that the one who held it before is dead; the
/// lock of a copy of the folder is another file, and proves nothing of the original (G4).
/// </summary>
internal static partial class LockPlace
{
    private const string BootIdPath = "/proc/sys/kernel/random/boot_id";
    private const int CurrentDirectory = -100, InodeMask = 0x100, StatBytes = 256;    // AT_FDCWD, STATX_INO, sizeof(struct statx)
    private const int InodeOffset = 32, DeviceMajorOffset = 136, DeviceMinorOffset = 140; // in struct statx: the same on every Linux

    /// <summary>Empty where the system does not tell.</summary>
    public static string Of(string lockFile)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(BootIdPath)) return "";
        Span<byte> stat = stackalloc byte[StatBytes];
        try
        {
            if (Stat(CurrentDirectory, lockFile, 0, InodeMask, stat) != 0) return "";
        }
        catch (EntryPointNotFoundException)
        {
            return ""; // an old C library
        }

        var (major, minor) = (BinaryPrimitives.ReadUInt32LittleEndian(stat[DeviceMajorOffset..]), BinaryPrimitives.ReadUInt32LittleEndian(stat[DeviceMinorOffset..]));
        var inode = BinaryPrimitives.ReadUInt64LittleEndian(stat[InodeOffset..]);
        return string.Create(CultureInfo.InvariantCulture, $"{File.ReadAllText(BootIdPath).Trim()}/{major}:{minor}/{inode}");
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(int directory, string path, int flags, uint mask, Span<byte> result);
}
