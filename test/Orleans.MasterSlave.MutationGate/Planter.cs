using System.Text;

namespace Orleans.MasterSlave.MutationGate;

/// <summary>
/// Plants all mutants of a file at once, each behind a switch that is asked at run time. An expression becomes <c>switch ? mutated : original</c>, a
/// statement an if and else; several mutants may share a text, or one's text lie within another's. A put that names MUTANT asks the switch itself.
/// </summary>
internal static class Planter
{
    public const string Switch = """
        /// <summary>Which mutant this process runs.</summary>
        public static class PlantedMutant
        {
            private static readonly string? Name = System.Environment.GetEnvironmentVariable("MASTERSLAVE_MUTANT");
            public static bool Is(string name) => name == Name;
        }
        """;

    private const string Own = "MUTANT";

    private sealed record Place(int Start, int End, string Mutant, Edit Edit);

    /// <summary>Null: a text does not occur exactly once, or two overlap; <paramref name="problems"/> says so.</summary>
    public static string? Plant(string file, string text, IEnumerable<(string Mutant, Edit Edit)> edits, List<string> problems)
    {
        var places = new List<Place>();
        foreach (var (mutant, edit) in edits)
        {
            var start = text.IndexOf(edit.Find, StringComparison.Ordinal);
            if (start < 0 || text.IndexOf(edit.Find, start + 1, StringComparison.Ordinal) >= 0)
                problems.Add($"{mutant}: the text to find {(start < 0 ? "no longer occurs" : "occurs more than once")} in {file}:\n    {edit.Find.ReplaceLineEndings("\n    ")}");
            else
                places.Add(new Place(start, start + edit.Find.Length, mutant, edit));
        }

        places = [.. places.OrderBy(p => p.Start).ThenByDescending(p => p.End)];
        for (var i = 0; i < places.Count; i++)
            foreach (var other in places.Skip(i + 1).TakeWhile(p => p.Start < places[i].End))
                if (other.End > places[i].End) problems.Add($"{other.Mutant} and {places[i].Mutant} overlap in {file}.");
        return problems.Count > 0 ? null : Render(text, 0, text.Length, places);
    }

    private static string Render(string text, int from, int to, List<Place> places)
    {
        var result = new StringBuilder();
        for (var i = 0; i < places.Count;)
        {
            var (start, end) = (places[i].Start, places[i].End);
            var same = places.Skip(i).TakeWhile(p => p.Start == start && p.End == end).ToList();
            var within = places.Skip(i + same.Count).TakeWhile(p => p.End <= end).ToList();
            result.Append(text, from, start - from).Append(Switched(Render(text, start, end, within), same));
            from = end;
            i += same.Count + within.Count;
        }

        return result.Append(text, from, to - from).ToString();
    }

    private static string Switched(string original, List<Place> places)
    {
        foreach (var (_, _, mutant, edit) in places)
        {
            var asks = $"global::PlantedMutant.Is(\"{mutant}\")";
            if (edit.Put.Contains(Own, StringComparison.Ordinal)) original = edit.Put.Replace(Own, asks, StringComparison.Ordinal);
            else if (edit.Find.EndsWith(';')) original = $"if ({asks}) {{ {edit.Put} }} else {{ {original} }}";
            else original = $"({asks} ? ({edit.Put}) : ({original}))";
        }

        return original;
    }
}
