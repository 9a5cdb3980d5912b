using System.Diagnostics;
using Orleans.MasterSlave.MutationGate;

var options = Options.Parse(args);
if (options is null)
{
    Console.Error.WriteLine("mutation-gate [--only TEXT] [--seeds N] [--all] [--jobs N] [--keep]");
    return 2;
}

var tree = AppContext.BaseDirectory;
while (!File.Exists(Path.Combine(tree, "Orleans.MasterSlave.sln"))) tree = Path.GetDirectoryName(tree) ?? throw new InvalidOperationException("The source tree is not found.");
var all = Directory.GetFiles(Path.Combine(tree, "test", "mutants"), "*.mutant").Order(StringComparer.Ordinal).Select(Mutant.Read).ToList();
var chosen = all.Where(m => options.Only is null || options.Only.Split(',').Any(o => m.Name.Contains(o, StringComparison.Ordinal))).ToList();
var watch = Stopwatch.StartNew();
var folder = Directory.CreateTempSubdirectory("mutation-gate-").FullName;
try
{
    var copy = new WorkCopy(tree, folder);
    copy.Copy();
    var problems = copy.Plant(all);
    foreach (var problem in problems) Console.Error.WriteLine($"NOT PLANTED {problem}");
    if (problems.Count > 0) return 2;
    if (!copy.Build())
    {
        Console.Error.WriteLine("The tree with its mutants does not build.");
        return 2;
    }

    Console.Error.WriteLine($"{all.Count} mutants planted and built in {watch.Elapsed.TotalSeconds:F0} s");
    return await new Gate(new Layers(copy, options.Limit), options).RunAsync(chosen) ? 0 : 1;
}
finally
{
    if (options.Keep) Console.Error.WriteLine($"Kept: {folder}");
    else Directory.Delete(folder, recursive: true);
}
