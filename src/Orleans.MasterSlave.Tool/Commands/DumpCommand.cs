using System.CommandLine;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Tool.Calls;
using Orleans.MasterSlave.Tool.Output;

namespace Orleans.MasterSlave.Tool.Commands;

/// <summary>Every entry that the segments still hold, in the order in which it was written.</summary>
internal static class DumpCommand
{
    public static Command Create(ToolHost host)
    {
        var directory = ToolCommand.Directory();
        var group = new Option<string?>("--group") { Description = "Only this group: grain type, '/', key." };
        var from = new Option<long?>("--from") { Description = "Only entries from this index on." };
        var to = new Option<long?>("--to") { Description = "Only entries up to this index." };
        var json = ToolCommand.Json();
        var assemblies = ToolCommand.Assemblies();
        var command = new Command("dump", "Shows each entry; with --assembly, which call it is.") { directory, group, from, to, json, assemblies };
        command.SetAction(parsed =>
        {
            using var calls = new CallReader(parsed.GetRequiredValue(assemblies));
            var filter = new Filter(parsed.GetValue(group), parsed.GetValue(from), parsed.GetValue(to));
            return Run(host, parsed.GetRequiredValue(directory), filter, new EntryWriter(host.Output, calls, parsed.GetValue(json)));
        });
        return command;
    }

    private static int Run(ToolHost host, string path, Filter filter, EntryWriter writer)
    {
        using var log = host.Open(path);
        var found = log.Read((in RecordHeader header, ReadOnlySpan<byte> record, long segment, long offset, bool confirmed) =>
        {
            if (!GroupBytes.TryParse(header.Group(record), out var group) || !filter.Takes(group, header)) return;
            var file = SegmentHeader.FileName(segment);
            var position = new LogPosition(header.Epoch, header.Index);
            if (header.Type != RecordType.Append) writer.WriteOther(group, Describe(header.Type), position, file, offset, confirmed);
            else if (EntryCodec.TryRead(header.Body(record), position) is { } entry) writer.Write(group, entry, file, offset, confirmed);
        });
        if (found.Findings.Exists(finding => finding.IsDamage))
            throw new LogDamagedException("Parts of the log are damaged and not shown: see the command verify.", log.Directory.Path, 0, null);
        return found.Findings.Find(finding => finding.IsUnread) is { } unread ? throw new ToolException($"Parts of the log are not shown: {unread.What}") : ExitCode.Whole;
    }

    // What makes entries void is shown among them.
    private static string Describe(RecordType type) => type switch
    {
        RecordType.Cut => "cut from here on",
        RecordType.Control => "promise",
        RecordType.Snapshot => "snapshot",
        RecordType.Install => "snapshot installed; nothing before it counts",
        RecordType.Drop => "dropped; nothing before it counts",
        _ => type.ToString(),
    };

    private sealed record Filter(string? Group, long? From, long? To)
    {
        public bool Takes(GroupId group, in RecordHeader header)
        {
            if (Group is not null && group.ToString() != Group) return false;
            if (From is null && To is null) return true;
            return header.Type == RecordType.Append && header.Index.Value >= (From ?? 0) && header.Index.Value <= (To ?? long.MaxValue);
        }
    }
}
