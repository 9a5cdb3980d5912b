using System.Collections.Concurrent;
using System.Diagnostics;

namespace Bank.Silos;

/// <summary>
/// Starts processes on one thread that lives as long as this process does: the kernel ends a silo when the <em>thread</em> that started it ends
/// (<see cref="Signals.DieWithParent"/>), and threads of the pool come and go.
/// </summary>
internal sealed class ProcessLauncher : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];

    public ProcessLauncher()
    {
        var thread = new Thread(() =>
        {
            foreach (var work in _work.GetConsumingEnumerable()) work();
        })
        { IsBackground = true, Name = "process launcher" };
        thread.Start();
    }

    /// <summary>Starts this program again with other arguments; its output is appended to a file, its standard input is held here.</summary>
    public Process Start(IEnumerable<string> arguments, string outputFile)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(Describe(arguments, outputFile))!);
            }
            catch (Exception error)
            {
                started.SetException(error);
            }
        });
        return started.Task.GetAwaiter().GetResult();
    }

    /// <summary>Ends the thread, and with it, on Linux, every process that it started.</summary>
    public void Dispose() => _work.CompleteAdding();

    /// <summary>The shell only puts the output into the file, so that even a crash of the runtime is found there, and becomes the program itself.</summary>
    private static ProcessStartInfo Describe(IEnumerable<string> arguments, string outputFile)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");
        var info = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, UseShellExecute = false };
        string[] shell = ["-c", "out=$1; shift; exec \"$@\" >>\"$out\" 2>&1", "sh", outputFile, program];
        foreach (var argument in shell) info.ArgumentList.Add(argument);
        if (Path.GetFileNameWithoutExtension(program) == "dotnet") info.ArgumentList.Add(typeof(ProcessLauncher).Assembly.Location);
        foreach (var argument in arguments) info.ArgumentList.Add(argument);
        return info;
    }
}
