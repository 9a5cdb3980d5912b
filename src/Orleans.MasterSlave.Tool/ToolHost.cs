using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Tool;

/// <summary>What the tool has to do with: where it writes, what time it is, and what it reads.</summary>
/// <param name="Output">What was asked for.</param>
/// <param name="Error">All else.</param>
/// <param name="Time">Tells when it is time to say how far the reading is.</param>
/// <param name="Disk">What log directories are read from.</param>
internal sealed record ToolHost(TextWriter Output, TextWriter Error, TimeProvider Time, ILogFiles Disk)
{
    /// <summary>Opens a log directory for reading. A large one takes its time, so the progress is told: beside the output, which others may read.</summary>
    public LogInspector Open(string path) => LogInspector.Open(path, Time, Disk, new ReadingProgress(Time, Tell));

    private void Tell(ReadingProgress progress) => Error.WriteLine($"reading  {progress.File}  {progress.Bytes:N0} bytes  {progress.Records:N0} records");
}
