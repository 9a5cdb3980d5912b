using System.CommandLine;
using System.Text;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Tool.Calls;
using Orleans.MasterSlave.Tool.Output;

namespace Orleans.MasterSlave.Tool.Commands;

/// <summary>The operations that were set aside because this node's master did not have them (C2).</summary>
internal static class OrphansCommand
{
    public static Command Create(ToolHost host)
    {
        var directory = ToolCommand.Directory();
        var export = new Option<string?>("--export") { Description = "Write all of them to this new file, one JSON object a line." };
        var json = ToolCommand.Json();
        var assemblies = ToolCommand.Assemblies();
        var command = new Command("orphans", "Lists the operations that were set aside.") { directory, export, json, assemblies };
        command.SetAction(parsed =>
        {
            using var calls = new CallReader(parsed.GetRequiredValue(assemblies));
            return Run(parsed.GetRequiredValue(directory), parsed.GetValue(export), parsed.GetValue(json), calls, host);
        });
        return command;
    }

    private static int Run(string path, string? export, bool json, CallReader calls, ToolHost host)
    {
        using var log = host.Open(path);
        var output = host.Output;
        var findings = new Findings(host.Error);
        List<(string Path, OrphanFile File)> files = [];
        foreach (var orphan in OrphanFile.List(log.Directory.Path, log.Files))
        {
            try
            {
                files.Add((orphan, OrphanFile.Read(orphan, log.Files)));
            }
            catch (Exception ex) when (FileErrors.IsUnreadable(ex))
            {
                findings.Tell(LogFinding.Of(ex, orphan));
            }
        }

        var writer = new EntryWriter(output, calls, json);
        foreach (var (orphan, file) in files)
        {
            if (!json) output.WriteLine($"{Path.GetFileName(orphan)}: {file.Entries.Count} operations of {file.Group} after {file.CutAfter}");
            Write(orphan, file, writer);
        }

        if (export is not null) Export(export, log, files, calls);
        if (!json) output.WriteLine($"{files.Sum(file => file.File.Entries.Count)} operations in {files.Count} files");
        return findings.ExitCode;
    }

    private static void Export(string path, LogInspector log, List<(string Path, OrphanFile File)> files, CallReader calls)
    {
        if (Path.GetFullPath(path).StartsWith(log.Directory.Path + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new ToolException($"'{path}' is in the log directory itself. Export to another folder.");
        using var file = new StreamWriter(path, Encoding.UTF8, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write });
        var writer = new EntryWriter(file, calls, json: true);
        foreach (var (orphan, content) in files) Write(orphan, content, writer);
    }

    private static void Write(string path, OrphanFile file, EntryWriter writer)
    {
        foreach (var entry in file.Entries) writer.Write(file.Group, entry, Path.GetFileName(path), null, confirmed: true);
    }
}
