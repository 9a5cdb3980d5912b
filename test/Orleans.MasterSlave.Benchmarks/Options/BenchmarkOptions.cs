using Orleans.MasterSlave.Benchmarks.Contenders;

namespace Orleans.MasterSlave.Benchmarks.Options;

/// <summary>What the command line asks for.</summary>
/// <param name="Seconds">Measured time of each contender, under each load, in each round.</param>
/// <param name="Rounds">How often everything is measured.</param>
/// <param name="Callers">Numbers of callers, each on a grain of its own.</param>
/// <param name="Out">File for the report in Markdown; null for none.</param>
/// <param name="Only">Part of the names of what is measured; null for all.</param>
/// <param name="WritesOnly">Leaves out reads and plain calls (P4, P5).</param>
internal sealed record BenchmarkOptions(double Seconds, int Rounds, IReadOnlyList<int> Callers, string? Out, bool WritesOnly, string? Only)
{
    public const string Help = """
        Measures replicated writes beside a grain on PostgreSQL and a chain of two silos.

          --seconds N     measured time of each figure in each round, 0.1 to 600; default 3
          --rounds N      how often everything is measured, 1 to 100; default 3
          --callers LIST  numbers of callers, each on a grain of its own; default 1,16,128
          --out FILE      writes the report to a file, as Markdown
          --only TEXT     measures only what has TEXT in its name, such as "replicated"; what is not measured has no table
          --writes-only   leaves out reads and plain calls (targets P4 and P5)

        PostgreSQL: the server of MASTERSLAVE_POSTGRES (a connection string), else a private one of the installed version.
        """;

    /// <summary>Names of the writes that are measured; none when nothing of that group was chosen.</summary>
    public IReadOnlyList<string> Writes => Chosen(ContenderNames.Writes);

    /// <summary>Names of the reads and plain calls that are measured; none when nothing of that group was chosen.</summary>
    public IReadOnlyList<string> Reads => WritesOnly ? [] : Chosen(ContenderNames.Reads);

    /// <exception cref="FormatException">With a message for the user.</exception>
    public static BenchmarkOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchmarkOptions(3, 3, [1, 16, 128], null, false, null);
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i];
            options = name switch
            {
                "--seconds" => options with { Seconds = NumberOption.Parse(name, Value(), 0.1, 600) },
                "--rounds" => options with { Rounds = (int)NumberOption.Parse(name, Value(), 1, 100) },
                "--callers" => options with { Callers = [.. Value().Split(',').Select(v => (int)NumberOption.Parse(name, v, 1, 10_000)).Distinct().Order()] },
                "--out" => options with { Out = Value() },
                "--only" => options with { Only = Value() },
                "--writes-only" => options with { WritesOnly = true },
                _ => throw new FormatException($"There is no option {name}. --help tells which there are."),
            };

            string Value() => ++i < arguments.Count ? arguments[i] : throw new FormatException($"{name} needs a value.");
        }

        if (options.Writes.Count + options.Reads.Count > 0) return options;
        var measured = ContenderNames.Writes.Concat(options.WritesOnly ? [] : ContenderNames.Reads).Select(name => $"'{name}'");
        throw new FormatException($"Nothing would be measured: no name{(options.WritesOnly ? " of a write" : "")} has '{options.Only}' in it. There are {string.Join(", ", measured)}.");
    }

    private string[] Chosen(IEnumerable<string> names) => [.. names.Where(name => Only is null || name.Contains(Only, StringComparison.OrdinalIgnoreCase))];
}
