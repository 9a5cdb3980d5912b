using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Tool.Commands;

/// <summary>Writes what is wrong as lines of text, and knows what the process returns for it.</summary>
internal sealed class Findings(TextWriter output)
{
    public int Damages { get; private set; }

    public int Unread { get; private set; }

    public int ExitCode => Damages > 0 ? Tool.ExitCode.Damaged : Unread > 0 ? Tool.ExitCode.NotReadable : Tool.ExitCode.Whole;

    public void Tell(LogFinding finding)
    {
        if (finding.IsDamage) Damages++;
        if (finding.IsUnread) Unread++;
        var what = finding.IsDamage ? "damage" : finding.IsUnread ? "unread" : "torn";
        var whose = finding.Group is { } group ? $"group {group}  " : finding.IsDamage ? "any group  " : "";
        output.WriteLine($"{what}  {finding.File}  offset {finding.Offset}  {whose}{finding.What}");
    }

    public void Tell(IEnumerable<LogFinding> findings)
    {
        foreach (var finding in findings) Tell(finding);
    }

    /// <summary>In a few words.</summary>
    public override string ToString() => (Damages, Unread) switch
    {
        (0, 0) => "whole",
        (_, 0) => $"{Damages} damages",
        (0, _) => $"{Unread} files not read",
        _ => $"{Damages} damages, {Unread} files not read",
    };
}
