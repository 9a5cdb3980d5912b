using System.CommandLine;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Tool.Commands;

/// <summary>Reads everything and names each damage.</summary>
internal static class VerifyCommand
{
    public static Command Create(ToolHost host)
    {
        var directory = ToolCommand.Directory();
        var command = new Command("verify", "Reads all segments, snapshots and orphan files. Exit code 0: whole; 1: damaged; 2: cannot be read.") { directory };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(directory), host));
        return command;
    }

    private static int Run(string path, ToolHost host)
    {
        using var log = host.Open(path);
        var output = host.Output;
        var findings = new Findings(output);
        var records = 0L;
        var found = log.Read((in RecordHeader _, ReadOnlySpan<byte> _, long _, long _, bool _) => records++);
        var (manifest, refused) = (log.Moment.Manifest, log.Refusals.Any());
        findings.Tell(found.Findings);
        var (snapshots, replaced) = log.ReadSnapshots(found);
        findings.Tell(snapshots);
        var orphans = OrphanFile.List(log.Directory.Path, log.Files);
        findings.Tell(orphans.Select(orphan => Look(orphan, log)).OfType<LogFinding>());

        if (refused) output.WriteLine("refused  a silo does not open this directory as it is");
        else WriteQuarantined(found, output);
        if (replaced > 0) output.WriteLine($"not read: {replaced} snapshots were replaced by the running silo faster than they could be read");
        output.WriteLine($"{findings}: {records:N0} records of {found.Groups.Count:N0} groups in segments {manifest.First} to {manifest.Last}, "
            + $"{found.Groups.Values.Count(group => group.Snapshot is { Number: > 0 })} snapshots in the snapshot log, {orphans.Count} orphan files");
        return findings.ExitCode;
    }

    private static void WriteQuarantined(RecoveryResult found, TextWriter output)
    {
        foreach (var group in found.Groups.Values.Where(group => group.Damage is not null).OrderBy(group => group.Group.ToString(), StringComparer.Ordinal))
            output.WriteLine($"quarantined  {group.Group}");
        if (found.UnknownDamage is not null) output.WriteLine("quarantined  every group not known to be whole");
    }

    private static LogFinding? Look(string orphan, LogInspector log)
    {
        try
        {
            var file = OrphanFile.Read(orphan, log.Files);
            return log.Identity.Node is not { } node || file.Node == node
                ? null
                : new LogFinding(orphan, 16, file.Group, $"it is node {file.Node.Value}'s", IsDamage: true);
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            return LogFinding.Of(ex, orphan);
        }
    }
}
