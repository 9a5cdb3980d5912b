using Orleans.MasterSlave.Benchmarks.Options;

namespace Orleans.MasterSlave.LogBenchmarks;

/// <summary>What is measured.</summary>
internal enum Mode
{
    /// <summary>Append and wait, beside FasterLog.</summary>
    Append,

    /// <summary>Opening a large log.</summary>
    Startup,

    /// <summary>One write by each of many groups.</summary>
    ManyGroups,

    /// <summary>One snapshot of each of many groups.</summary>
    Snapshots,
}

/// <summary>What the command line asks for.</summary>
internal sealed record LogBenchmarkOptions(Mode Mode, double Seconds, int Rounds, IReadOnlyList<int> Writers, string Directory, int Entries, int Groups, int SnapshotBytes)
{
    public const string Help = """
        Appends of 128 bytes, each waiting until it is durable: the silo's log beside FasterLog and beside a plain write and fdatasync.

          --seconds N     measured time of each figure in each round, 0.1 to 600; default 3
          --rounds N      how often everything is measured, in turn, 1 to 100; default 3
          --writers LIST  numbers of writers; default 1,16,128,1024
          --dir FOLDER    where the logs go (a folder is made in it and removed); default the folder for temporary files
          --startup       instead: write --entries of 100 bytes over --groups, then open the log and all replicas
          --many-groups   instead: one write by each of --groups, all at once
          --snapshots     instead: one snapshot of each of --groups, 64 at once
          --snapshot-bytes N  for --snapshots; default 32768
          --entries N     for --startup; default 1000000
          --groups N      default 10000
        """;

    /// <exception cref="FormatException">With a message for the user.</exception>
    public static LogBenchmarkOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new LogBenchmarkOptions(Mode.Append, 3, 3, [1, 16, 128, 1024], Path.GetTempPath(), 1_000_000, 10_000, 32 * 1024);
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i];
            options = name switch
            {
                "--seconds" => options with { Seconds = NumberOption.Parse(name, Value(), 0.1, 600) },
                "--rounds" => options with { Rounds = (int)NumberOption.Parse(name, Value(), 1, 100) },
                "--writers" => options with { Writers = [.. Value().Split(',').Select(v => (int)NumberOption.Parse(name, v, 1, 10_000)).Distinct().Order()] },
                "--dir" => options with { Directory = Value() },
                "--entries" => options with { Entries = (int)NumberOption.Parse(name, Value(), 1, 100_000_000) },
                "--groups" => options with { Groups = (int)NumberOption.Parse(name, Value(), 1, 1_000_000) },
                "--snapshot-bytes" => options with { SnapshotBytes = (int)NumberOption.Parse(name, Value(), 1, 1 << 30) },
                "--startup" => options with { Mode = Mode.Startup },
                "--many-groups" => options with { Mode = Mode.ManyGroups },
                "--snapshots" => options with { Mode = Mode.Snapshots },
                _ => throw new FormatException($"There is no option {name}. --help tells which there are."),
            };

            string Value() => ++i < arguments.Count ? arguments[i] : throw new FormatException($"{name} needs a value.");
        }

        return options;
    }
}
