using System.Diagnostics;

namespace Orleans.MasterSlave.Benchmarks.Cluster;

/// <summary>A silo in a process of its own: this program, started again.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(12);

    private readonly SiloSettings _settings;
    private readonly Process _process;

    public SiloProcess(SiloSettings settings, string? postgres)
    {
        _settings = settings;
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true };
        // The shell puts the output into a file, so that even a crash of the runtime is found there, and becomes the program.
        string[] shell = ["-c", "out=$1; shift; exec \"$@\" >\"$out\" 2>&1", "sh", settings.TextLog, program];
        foreach (var argument in shell) start.ArgumentList.Add(argument);
        if (Path.GetFileNameWithoutExtension(program) == "dotnet") start.ArgumentList.Add(typeof(SiloProcess).Assembly.Location);
        foreach (var argument in settings.ToArguments()) start.ArgumentList.Add(argument);
        if (postgres is not null) start.Environment[SiloSettings.PostgresVariable] = postgres;
        _process = Process.Start(start)!;
    }

    public SiloSettings Settings => _settings;

    /// <exception cref="InvalidOperationException">The silo is gone.</exception>
    public void ThrowIfEnded()
    {
        if (!_process.HasExited) return;
        var end = string.Join("\n  ", File.ReadLines(_settings.TextLog).TakeLast(15));
        throw new InvalidOperationException($"{_settings.Name} ended with exit code {_process.ExitCode}:\n  {end}");
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(StopLimit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
