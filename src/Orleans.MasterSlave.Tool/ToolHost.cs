using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Tool;

/// <summary>What the tool has to do with: where it writes, and what it reads.</summary>
/// <param name="Output">What was asked for.</param>
/// <param name="Error">All else.</param>
/// <param name="Disk">What log directories are read from.</param>
internal sealed record ToolHost(TextWriter Output, TextWriter Error, ILogFiles Disk)
{
    /// <summary>Opens a log directory for reading.</summary>
    public LogInspector Open(string path) => LogInspector.Open(path, disk: Disk);
}
