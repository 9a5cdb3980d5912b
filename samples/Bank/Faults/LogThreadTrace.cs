using System.ComponentModel;
using System.Diagnostics;
using Bank.Silos;

namespace Bank.Faults;

/// <summary>
/// A bad disk under the log of one silo: strace holds the thread that syncs it, and has its <c>fdatasync</c> fail or hang. Nothing else of the process
/// is touched. Ends when disposed.
/// </summary>
internal sealed class LogThreadTrace : IDisposable
{
    // The kernel keeps 15 letters of "Orleans.MasterSlave log".
    private const string LogThread = "Orleans.MasterS";
    private readonly Process _strace;

    private LogThreadTrace(Process strace) => _strace = strace;

    /// <summary>Returns when the fault is in force.</summary>
    /// <param name="processId">The silo's process.</param>
    /// <param name="fault">What is to happen, in strace's words: <c>error=EIO</c>, <c>delay_enter=…</c>.</param>
    /// <param name="output">File for the calls that were met.</param>
    public static LogThreadTrace Inject(int processId, string fault, string output)
    {
        var thread = FindLogThread(processId);
        var info = new ProcessStartInfo("strace") { RedirectStandardError = true, UseShellExecute = false };
        string[] arguments = ["-p", $"{thread}", "-e", "trace=fdatasync", "-e", $"inject=fdatasync:{fault}", "-o", output];
        foreach (var argument in arguments) info.ArgumentList.Add(argument);
        try
        {
            var strace = Process.Start(info)!;
            var said = strace.StandardError.ReadLine(); // "strace: Process N attached", or why not
            if (said?.EndsWith("attached", StringComparison.Ordinal) == true) return new LogThreadTrace(strace);
            strace.Kill();
            throw new RunFailedException($"strace could not take hold of the silo's log thread: {said}. It needs root, or kernel.yama.ptrace_scope = 0.");
        }
        catch (Win32Exception error)
        {
            throw new RunFailedException($"--fault disk-error and disk-hang need strace on the PATH (apt-get install strace): {error.Message}");
        }
    }

    /// <summary>Lets go of the thread: a call that hangs goes on.</summary>
    public void Dispose()
    {
        if (!_strace.HasExited) _strace.Kill();
        _strace.WaitForExit();
        _strace.Dispose();
    }

    private static int FindLogThread(int processId)
    {
        foreach (var task in Directory.EnumerateDirectories($"/proc/{processId}/task"))
            if (File.ReadAllText(Path.Combine(task, "comm")).TrimEnd() == LogThread) return int.Parse(Path.GetFileName(task));
        throw new RunFailedException($"No thread of process {processId} is named '{LogThread}'.");
    }
}
