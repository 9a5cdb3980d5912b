using System.CommandLine;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Tool.Commands;

/// <summary>What a log directory is and holds, in short.</summary>
internal static class InfoCommand
{
    private const string NotKnown = "not known";

    public static Command Create(ToolHost host)
    {
        var directory = ToolCommand.Directory();
        var command = new Command("info", "Shows node, segments and groups.") { directory };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(directory), host));
        return command;
    }

    private static int Run(string path, ToolHost host)
    {
        using var log = host.Open(path);
        var output = host.Output;
        var used = new SortedDictionary<long, (long End, long Entries)>();
        var found = log.Read((in RecordHeader header, ReadOnlySpan<byte> record, long segment, long offset, bool confirmed) =>
        {
            var entries = used.GetValueOrDefault(segment).Entries + (header.Type == RecordType.Append ? 1 : 0);
            used[segment] = (offset + record.Length, entries);
        });
        WriteNode(log, output);
        WriteSegments(log, used, output);
        WriteGroups(found, output);
        return WriteRest(log, found, output);
    }

    private static void WriteNode(LogInspector log, TextWriter output)
    {
        var directory = log.Directory;
        output.WriteLine($"directory       {directory.Path}");
        output.WriteLine($"format version  {SegmentHeader.Version}{(log.Moment.Segments.Any(segment => segment.Header?.Rewritten is not null) ? $", rewritten segments {SegmentHeader.RewrittenVersion}" : "")}");
        output.WriteLine($"node            {(log.Identity.Node is { } node ? node.Value.ToString() : NotKnown)}");
        if (log.Identity.File is { } file)
        {
            output.WriteLine($"store           {(directory.StoreId is { } store ? store.Value.ToString() : "none yet")}");
            output.WriteLine($"starts          {file.StartCount}");
            output.WriteLine($"boot id         {(file.BootId.Length > 0 ? file.BootId : NotKnown)}");
        }

        output.WriteLine($"lock            {LockHolder.Describe(Path.Combine(directory.Path, LogDirectory.LockFileName))}");
    }

    private static void WriteSegments(LogInspector log, SortedDictionary<long, (long End, long Entries)> used, TextWriter output)
    {
        var (first, last) = (log.Moment.Manifest.First, log.Moment.Manifest.Last);
        var segments = log.Moment.Segments.Where(segment => segment.IsThere).ToArray();
        output.WriteLine(last < first ? "segments        none" : $"segments        {segments.Length}: {first} to {last}");
        foreach (var segment in segments)
        {
            var (end, entries) = used.GetValueOrDefault(segment.Number, (segment.Header?.HeaderBytes ?? 0, 0));
            output.Write($"  {SegmentHeader.FileName(segment.Number)}  {end:N0} bytes used, {entries:N0} entries");
            if (segment.Header?.Rewritten is { } rewritten) output.Write($"  rewritten, stands for {rewritten.From} to {segment.Number}");
            output.WriteLine(segment.Header is null ? "  NOT READ" : segment.Finding is null ? "" : "  READ IN PART");
        }
    }

    private static void WriteGroups(RecoveryResult found, TextWriter output)
    {
        var unread = !found.Findings.Exists(finding => finding.IsDamage);
        output.WriteLine($"groups          {found.Groups.Count}");
        foreach (var group in found.Groups.Values.OrderBy(group => group.Group.ToString(), StringComparer.Ordinal))
        {
            output.Write($"  {group.Group}  base {group.Base}  last {group.Last}  promised {group.Promised}");
            if (!group.Birth.IsNone) output.Write($"  birth {group.Birth}");
            if (group.Snapshot is { } snapshot)
                output.Write($"  snapshot {snapshot.Position} {(snapshot.Number > 0 ? $"in the snapshot log, number {snapshot.Number}" : "in the log")}");
            if (group.TornEpoch >= group.Last.Epoch.Value) output.Write($"  torn up to {new Epoch(group.TornEpoch)}");
            if (group.Damage is not null) output.Write(unread ? "  PARTLY UNREAD" : "  DAMAGED");
            output.WriteLine();
        }
    }

    private static int WriteRest(LogInspector log, RecoveryResult found, TextWriter output)
    {
        var findings = new Findings(output);
        if (found.TornUnknown) output.WriteLine("torn            groups that nothing is known of may have lost unconfirmed entries");
        findings.Tell(found.Findings);
        output.WriteLine($"orphan files    {OrphanFile.List(log.Directory.Path, log.Files).Count}");
        return findings.ExitCode;
    }
}
