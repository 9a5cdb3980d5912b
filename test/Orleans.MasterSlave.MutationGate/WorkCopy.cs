using System.Diagnostics;

namespace Orleans.MasterSlave.MutationGate;

/// <summary>A copy of the tree in a temporary folder, with all mutants in it, built once.</summary>
internal sealed class WorkCopy(string tree, string folder)
{
    private static readonly string[] Projects = ["Orleans.MasterSlave.Simulation", "Orleans.MasterSlave.Tests"];

    public string Program(string project) => Path.Combine(folder, "test", project, "bin", "Release", "net10.0", project);

    public void Copy()
    {
        foreach (var file in Output(tree, "git", "ls-files", "--cached", "--others", "--exclude-standard").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!File.Exists(Path.Combine(tree, file))) continue;
            var target = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(tree, file), target, overwrite: true);
        }
    }

    /// <summary>What cannot be planted; empty: all is.</summary>
    public List<string> Plant(IReadOnlyList<Mutant> mutants)
    {
        var problems = new List<string>();
        foreach (var file in mutants.SelectMany(m => m.Edits.Select(e => (m.Name, Edit: e))).GroupBy(e => e.Edit.File, StringComparer.Ordinal))
        {
            var path = Path.Combine(folder, file.Key);
            if (!File.Exists(path)) problems.Add($"{string.Join(", ", file.Select(e => e.Name).Distinct())}: {file.Key} is no more.");
            else if (Planter.Plant(file.Key, File.ReadAllText(path), file, problems) is { } planted) File.WriteAllText(path, planted);
        }

        File.WriteAllText(Path.Combine(folder, "src", "Orleans.MasterSlave.Abstractions", "PlantedMutant.cs"), Planter.Switch);
        return problems;
    }

    public bool Build() => Projects.All(project =>
        Run(folder, "dotnet", ["build", Path.Combine("test", project), "-c", "Release", "-v", "quiet", "-nologo", "-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false", "-p:NoWarn=CS1591%3BCS0162%3BNU1900"], out var said)
        || Told(said));

    public static bool Run(string where, string program, string[] arguments, out string said)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = where, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        said = process.StandardOutput.ReadToEnd() + error.GetAwaiter().GetResult();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static string Output(string where, string program, params string[] arguments) =>
        Run(where, program, arguments, out var said) ? said : throw new InvalidOperationException($"{program} failed: {said}");

    private static bool Told(string said)
    {
        foreach (var line in said.Split('\n').Where(l => l.Contains("error", StringComparison.Ordinal)).Distinct().Take(20)) Console.Error.WriteLine(line);
        return false;
    }
}
