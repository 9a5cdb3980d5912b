using System.CommandLine;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Tool.Commands;

/// <summary>Reads everything and names each damage.</summary>
internal static class VerifyCommand
{
    public static Command Create(TextWriter output)
    {
        var directory = ToolCommand.Directory();
        var command = new Command("verify", "Reads all segments, snapshots and orphan files. Exit code 0: whole; 1: damaged; 2: cannot be read.") { directory };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(directory), output));
        return command;
    }

    private static int Run(string path, TextWriter output)
    {
        using var log = LogInspector.Open(path);
        var damages = 0;
        var records = 0L;
        var found = log.Read((in RecordHeader _, ReadOnlySpan<byte> _, long _, long _, bool _) => records++);
        foreach (var finding in found.Findings) Tell(finding);
        var (snapshots, unread) = log.ReadSnapshots(found);
        foreach (var damage in snapshots) Tell(Findings.Of(damage));
        var orphans = OrphanFile.List(log.Directory.Path);
        foreach (var orphan in orphans)
        {
            if (Damage(orphan, log) is { } damage) Tell(damage);
        }

        foreach (var group in found.Groups.Values.Where(group => group.Damage is not null).OrderBy(group => group.Group.ToString(), StringComparer.Ordinal))
            output.WriteLine($"quarantined  {group.Group}");
        if (found.UnknownDamage is not null) output.WriteLine("quarantined  every group not known to be whole");
        if (unread > 0) output.WriteLine($"not read: {unread} snapshots were replaced by the running silo faster than they could be read");
        output.WriteLine($"{(damages == 0 ? "whole" : $"{damages} damages")}: {records:N0} records of {found.Groups.Count:N0} groups in segments {log.Manifest.First} to {log.Manifest.Last}, "
            + $"{found.Groups.Values.Count(group => group.Snapshot is { FileNumber: > 0 })} snapshot files, {orphans.Count} orphan files");
        return damages == 0 ? ExitCode.Whole : ExitCode.Damaged;

        void Tell(LogFinding finding)
        {
            output.WriteLine(Findings.Describe(finding));
            if (finding.IsDamage) damages++;
        }
    }

    private static LogFinding? Damage(string orphan, LogInspector log)
    {
        try
        {
            var file = OrphanFile.Read(orphan);
            return file.Node == log.Directory.NodeId ? null : new LogFinding(orphan, 16, file.Group, $"it is node {file.Node.Value}'s", IsDamage: true);
        }
        catch (LogDamagedException ex)
        {
            return Findings.Of(ex);
        }
    }
}
