using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Tool.Commands;

/// <summary>What is wrong, as lines of text.</summary>
internal static class Findings
{
    public static string Describe(LogFinding finding)
    {
        var whose = finding.Group is { } group ? $"group {group}" : finding.IsDamage ? "any group" : "";
        return $"{(finding.IsDamage ? "damage" : "torn")}  {finding.File}  offset {finding.Offset}  {(whose.Length > 0 ? whose + "  " : "")}{finding.What}";
    }

    public static LogFinding Of(LogDamagedException ex) => new(ex.File, ex.Offset, ex.Group, ex.Message, IsDamage: true);
}
