using System.Globalization;

namespace Bank.Options;

/// <summary>Reads <c>--name value</c> and <c>--name=value</c>.</summary>
internal static class OptionParser
{
    public static BankOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new BankOptions();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var at = 0; at < arguments.Count; at++)
        {
            var (name, value) = Split(arguments[at]);
            if (name is "--help" or "-h" or "-?") return options with { Help = true };
            if (!IsKnown(name)) throw new UsageException($"Unknown option '{arguments[at]}'. Try --help.");
            if (!seen.Add(name)) throw new UsageException($"{name} is given twice.");
            if (value is null && ++at < arguments.Count) value = arguments[at];
            if (string.IsNullOrWhiteSpace(value)) throw new UsageException($"{name} needs a value. Try --help.");
            options = Apply(options, name, value);
        }
        return options.Fault == FaultKind.Random && !seen.Contains("--seconds") ? options with { Seconds = BankOptions.RandomSeconds } : options;
    }

    private static (string Name, string? Value) Split(string argument)
    {
        var cut = argument.IndexOf('=', StringComparison.Ordinal);
        return argument.StartsWith("--", StringComparison.Ordinal) && cut > 0 ? (argument[..cut], argument[(cut + 1)..]) : (argument, null);
    }

    private static bool IsKnown(string name) =>
        name is "--mode" or "--fault" or "--isolate" or "--direction" or "--seed" or "--seconds" or "--accounts" or "--callers" or "--silos" or "--input" or "--data";

    private static BankOptions Apply(BankOptions options, string name, string value) => name switch
    {
        "--mode" => options with { Mode = Choice(name, value, ("sync", BankMode.Sync), ("async", BankMode.Async)) },
        "--fault" => options with { Fault = Choice(name, value, ("kill", FaultKind.Kill), ("stop", FaultKind.Stop),
            ("disk-error", FaultKind.DiskError), ("disk-hang", FaultKind.DiskHang),
            ("all", FaultKind.All), ("two", FaultKind.Two), ("isolate", FaultKind.Isolate), ("random", FaultKind.Random), ("none", FaultKind.None)) },
        "--isolate" => options with { Isolate = Choice(name, value,
            ("silos", IsolateFrom.Silos), ("clients", IsolateFrom.Clients), ("everybody", IsolateFrom.Everybody)) },
        "--direction" => options with { Direction = Choice(name, value, ("both", CutDirection.Both), ("out", CutDirection.Out), ("in", CutDirection.In)) },
        "--seed" => options with { Seed = Number(name, value, 0, int.MaxValue) },
        "--seconds" => options with { Seconds = Number(name, value, 3, 86_400) },
        "--accounts" => options with { Accounts = Number(name, value, 2, 100_000) },
        "--callers" => options with { Callers = Number(name, value, 1, 4_096) },
        "--silos" => options with { Silos = Number(name, value, 2, 16) },
        "--input" => options with { Input = value },
        "--data" => options with { Data = value },
        _ => throw new InvalidOperationException(name),
    };

    private static T Choice<T>(string name, string value, params ReadOnlySpan<(string Text, T Value)> choices)
    {
        var texts = new List<string>();
        foreach (var choice in choices)
        {
            if (choice.Text == value) return choice.Value;
            texts.Add(choice.Text);
        }
        throw new UsageException($"{name} {value}: must be {string.Join(" or ", texts)}.");
    }

    private static int Number(string name, string value, int least, int most)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
        throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{name} {value}: must be a whole number from {least} to {most}."));
    }
}
