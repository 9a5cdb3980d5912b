using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Bank.Silos;

/// <summary>What a process can be told by the kernel. .NET sends SIGKILL only, so this goes to libc.</summary>
internal static class Signals
{
    private const int Kill = 9;
    private const int ParentDeathSignal = 1; // PR_SET_PDEATHSIG

    // The two numbers that differ between Linux and macOS.
    private static readonly int Stop = OperatingSystem.IsLinux() ? 19 : 17;
    private static readonly int Continue = OperatingSystem.IsLinux() ? 18 : 19;

    /// <summary>Ends a process at once: nothing in it runs any more.</summary>
    public static void SendKill(int processId) => Send(processId, Kill);

    /// <summary>Freezes a process: it holds its sockets and locks, and does nothing.</summary>
    public static void SendStop(int processId) => Send(processId, Stop);

    /// <summary>Lets a frozen process go on where it was.</summary>
    public static void SendContinue(int processId) => Send(processId, Continue);

    /// <summary>
    /// Has the kernel kill this process when the thread that started it ends, even if this process is frozen then. Linux only; elsewhere the
    /// end of standard input has to do.
    /// </summary>
    public static void DieWithParent(int parentProcessId)
    {
        if (!OperatingSystem.IsLinux()) return;
        if (prctl(ParentDeathSignal, Kill, 0, 0, 0) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError(), "prctl");
        // The parent may have died before the kernel was asked.
        if (getppid() != parentProcessId) Environment.Exit(1);
    }

    private static void Send(int processId, int signal)
    {
        if (kill(processId, signal) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError(), $"kill({processId}, {signal})");
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int processId, int signal);

    [DllImport("libc", SetLastError = true)]
    private static extern int prctl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);

    [DllImport("libc")]
    private static extern int getppid();
}
