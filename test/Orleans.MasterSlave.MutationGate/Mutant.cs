namespace Orleans.MasterSlave.MutationGate;

/// <summary>One place of a mutant: what stands there, and what stands there when the rule is broken.</summary>
internal sealed record Edit(string File, string Find, string Put);

/// <summary>
/// A rule, broken on purpose. Read from test/mutants/NAME.mutant: lines <c>rule:</c>, <c>breaks:</c> (what one would see), <c>caught by:</c> (history, unit or
/// seeds; or <c>equivalent: why</c>), then one or more times <c>file:</c>, <c>find:</c> and <c>put:</c>, the last two with their text in the lines that follow.
/// </summary>
internal sealed record Mutant(string Name, string Rule, string Breaks, string Layer, string? Equivalent, IReadOnlyList<Edit> Edits)
{
    public static Mutant Read(string path)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var edits = new List<Edit>();
        string? file = null, find = null, section = null;
        var text = new List<string>();
        foreach (var line in File.ReadLines(path).Append("file: "))
        {
            if (line is "find:" or "put:" || line.StartsWith("file: ", StringComparison.Ordinal))
            {
                if (section == "find:") find = Text(text);
                if (section == "put:") edits.Add(new Edit(file!, find!, Text(text)));
                if (line.StartsWith("file: ", StringComparison.Ordinal)) file = line["file: ".Length..].Trim();
                section = line;
                text.Clear();
            }
            else if (section is "find:" or "put:")
            {
                text.Add(line);
            }
            else if (line.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon)
            {
                fields[line[..colon]] = line[(colon + 2)..].Trim();
            }
        }

        string Field(string name) => fields.GetValueOrDefault(name) ?? throw new FormatException($"{path} lacks '{name}:'.");
        if (edits.Count == 0) throw new FormatException($"{path} says nothing to find and put.");
        var equivalent = fields.GetValueOrDefault("equivalent");
        return new Mutant(Path.GetFileNameWithoutExtension(path), Field("rule"), Field("breaks"), equivalent is null ? Field("caught by") : "none", equivalent, edits);
    }

    private static string Text(List<string> lines) => string.Join('\n', lines).Trim();
}
