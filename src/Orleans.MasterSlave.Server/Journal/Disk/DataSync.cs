using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Calls the system's own sync functions and checks their results. The framework's <c>FlushToDisk</c> and <c>Flush(true)</c> return normally
/// on Linux when <c>fsync</c> fails, so that an operation would be acknowledged that no disk holds (D1).
/// </summary>
internal static partial class DataSync
{
    private const int ReadOnlyCloseOnExec = 0x80000;          // on Linux
    private const int FullSyncCommand = 51;                   // F_FULLFSYNC on macOS, whose fsync leaves data in the drive's cache
    private const int Interrupted = 4, NoSpace = 28, QuotaExceeded = 122;

    /// <summary>Makes a file's data durable.</summary>
    public static void File(SafeFileHandle file, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            if (!FlushFileBuffers(file)) throw Failure("FlushFileBuffers", path, Marshal.GetLastPInvokeError());
            return;
        }

        while ((OperatingSystem.IsMacOS() ? FullSync(file, FullSyncCommand) : FileDataSync(file)) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted) throw Failure("fdatasync", path, error);
        }
    }

    /// <summary>Makes the names in a directory durable. Windows needs no such call.</summary>
    public static void Directory(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = OpenFile(path, OperatingSystem.IsLinux() ? ReadOnlyCloseOnExec : 0);
        if (descriptor < 0) throw Failure("open directory", path, Marshal.GetLastPInvokeError());
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        while (FileSync(handle) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted) throw Failure("fsync directory", path, error);
        }
    }

    /// <summary>Takes disk space for a file up to a length.</summary>
    public static void Reserve(SafeFileHandle file, string path, long length)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.SetLength(file, length);
            return;
        }

        int error;
        while ((error = Allocate(file, 0, length)) == Interrupted) { }
        if (error is NoSpace or QuotaExceeded)
            throw new LogFullException($"There is no room for {length:N0} bytes of '{path}' (errno {error}). Free space on this disk; the log then goes on by itself.");
        if (error != 0) throw Failure("posix_fallocate", path, error);
    }

    /// <summary>Whether the framework's exception means that the disk, or the user's share of it, is full.</summary>
    public static bool IsNoSpace(IOException exception) => OperatingSystem.IsLinux() && exception.HResult is NoSpace or QuotaExceeded;

    private static IOException Failure(string call, string path, int error) =>
        new($"{call} of '{path}' failed: {Marshal.GetPInvokeErrorMessage(error)} (errno {error}).");

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FileDataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FileSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FullSync(SafeFileHandle file, int command);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    // Returns the error instead of setting errno.
    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int Allocate(SafeFileHandle file, long offset, long length);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool FlushFileBuffers(SafeFileHandle file);
}
