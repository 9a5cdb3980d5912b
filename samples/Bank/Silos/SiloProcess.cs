using System.Diagnostics;

namespace Bank.Silos;

internal enum SiloState
{
    Running,

    /// <summary>Frozen by SIGSTOP.</summary>
    Stopped,

    /// <summary>Killed, and not to be started again yet.</summary>
    Killed,

    /// <summary>Ended by itself.</summary>
    Ended,
}

/// <summary>One silo: its settings, and the process that runs it at the moment.</summary>
internal sealed class SiloProcess(SiloSettings settings, ProcessLauncher launcher) : IDisposable
{
    private readonly Lock _lock = new();
    private Process? _process; // written under the lock
    private SiloState _state = SiloState.Ended; // written under the lock

    public SiloSettings Settings => settings;
    public SiloState State { get { lock (_lock) return _state; } }
    public int ProcessId { get { lock (_lock) return _process?.Id ?? 0; } }

    /// <summary>Starts the silo, the first time or again, on its ports and folder.</summary>
    /// <param name="ended">Called when the process ends without having been killed here, with its exit code.</param>
    public void Start(Action<SiloProcess, int> ended)
    {
        Directory.CreateDirectory(settings.Folder);
        lock (_lock)
        {
            _process?.Dispose();
            var process = launcher.Start(settings.ToArguments(Environment.ProcessId), settings.TextLog);
            _process = process;
            _state = SiloState.Running;
            _ = WatchAsync(process, ended);
        }
    }

    public void Kill()
    {
        lock (_lock)
        {
            _state = SiloState.Killed;
            if (_process is { HasExited: false } process) Signals.SendKill(process.Id);
        }
    }

    public void Stop()
    {
        lock (_lock)
        {
            if (_process is not { HasExited: false } process) return;
            Signals.SendStop(process.Id);
            _state = SiloState.Stopped;
        }
    }

    public void Continue()
    {
        lock (_lock)
        {
            if (_state != SiloState.Stopped || _process is not { HasExited: false } process) return;
            Signals.SendContinue(process.Id);
            _state = SiloState.Running;
        }
    }

    /// <summary>Lets the silo stop in order; kills it when it takes longer than the limit.</summary>
    public async Task ShutDownAsync(TimeSpan limit)
    {
        Process? process;
        lock (_lock)
        {
            process = _process;
            if (process is null || process.HasExited) return;
            if (_state == SiloState.Stopped) Signals.SendContinue(process.Id);
            _state = SiloState.Killed;
            process.StandardInput.Close();
        }
        using var timer = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(timer.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    /// <summary>The last lines that the silo wrote.</summary>
    public IReadOnlyList<string> LastLines(int count) => File.Exists(settings.TextLog) ? [.. File.ReadLines(settings.TextLog).TakeLast(count)] : [];

    public void Dispose()
    {
        lock (_lock)
        {
            if (_process is { HasExited: false } process) process.Kill();
            _process?.Dispose();
            _process = null;
        }
    }

    private async Task WatchAsync(Process process, Action<SiloProcess, int> ended)
    {
        await process.WaitForExitAsync();
        int code;
        lock (_lock)
        {
            if (_process != process || _state == SiloState.Killed) return;
            _state = SiloState.Ended;
            code = process.ExitCode;
        }
        ended(this, code);
    }
}
