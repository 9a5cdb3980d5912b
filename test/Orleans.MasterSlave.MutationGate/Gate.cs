namespace Orleans.MasterSlave.MutationGate;

/// <summary>Runs the layers for each mutant and prints the table; a mutant that is not caught where it should be is a gap.</summary>
internal sealed class Gate(Layers layers, Options options)
{
    public async Task<bool> RunAsync(IReadOnlyList<Mutant> mutants)
    {
        var sound = await layers.HistoriesAsync(null);
        if (!sound.IsCaught) sound = await layers.UnitAsync(null);
        if (!sound.IsCaught) sound = await layers.SeedsAsync(null, options.Seeds);
        if (sound.IsCaught)
        {
            Console.Error.WriteLine($"Without any mutant, these tests fail: {string.Join(", ", sound.Failed)}");
            return false;
        }

        var rows = new (string Row, string? Gap)[mutants.Count];
        var done = 0;
        await Parallel.ForAsync(0, mutants.Count, new ParallelOptions { MaxDegreeOfParallelism = options.Jobs }, async (i, _) =>
        {
            rows[i] = await JudgeAsync(mutants[i]);
            Console.Error.WriteLine($"{Interlocked.Increment(ref done),4}/{mutants.Count} {mutants[i].Name}: {rows[i].Gap ?? "as expected"}");
        });
        Console.WriteLine("| mutant | rule | broken so that | caught by |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var (row, _) in rows.OrderBy(r => r.Row, StringComparer.Ordinal)) Console.WriteLine(row);
        var gaps = rows.Where(r => r.Gap is not null).Select(r => r.Gap!).ToList();
        Console.WriteLine();
        foreach (var gap in gaps) Console.WriteLine($"GAP {gap}");
        Console.WriteLine($"{mutants.Count} mutants, {mutants.Count(m => m.Equivalent is not null)} of them equivalent, {gaps.Count} gaps");
        return gaps.Count == 0;
    }

    private async Task<(string Row, string? Gap)> JudgeAsync(Mutant mutant)
    {
        var history = await layers.HistoriesAsync(mutant.Name);
        var unit = await layers.UnitAsync(mutant.Name);
        var bySeeds = options.AllLayers || mutant.Layer is "seeds" or "none" || !(history.IsCaught || unit.IsCaught);
        var seeds = bySeeds ? await layers.SeedsAsync(mutant.Name, options.Seeds) : null;
        var caught = new List<string>();
        if (history.IsCaught) caught.Add(Name("history", history));
        if (unit.IsCaught) caught.Add(Name("unit", unit));
        if (seeds is { IsCaught: true }) caught.Add(seeds.Seeds > 0 ? $"seeds: {seeds.Seeds} needed" : $"seeds: {seeds.Failed[0]}");
        if (mutant.Equivalent is { } why)
        {
            return (Row(mutant, $"nothing: {why}"), caught.Count == 0 ? null
                : $"{mutant.Name} ({mutant.Rule}) is said to be equivalent, and is caught by {string.Join("; ", caught)}");
        }

        var expected = mutant.Layer switch { "history" => history.IsCaught, "unit" => unit.IsCaught, "seeds" => seeds is { IsCaught: true }, _ => false };
        var by = caught.Count == 0 ? $"**nothing** ({options.Seeds} seeds)" : string.Join("; ", caught);
        return (Row(mutant, by), expected ? null : $"{mutant.Name} ({mutant.Rule}: {mutant.Breaks}) is caught by {by}, and should be by {mutant.Layer}");
    }

    private static string Row(Mutant mutant, string caught) => $"| {mutant.Name} | {mutant.Rule} | {mutant.Breaks} | {caught} |";

    private static string Name(string layer, Finding finding) =>
        $"{layer}: {string.Join(", ", finding.Failed.Take(2).Select(f => f.StartsWith("exit", StringComparison.Ordinal) ? f : $"`{f}`"))}{(finding.Failed.Count > 2 ? $" and {finding.Failed.Count - 2} more" : "")}";
}
