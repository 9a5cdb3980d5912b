using System.Globalization;

namespace Orleans.MasterSlave.MutationGate;

/// <param name="Only">Runs the mutants whose name contains one of these, between commas; null: all.</param>
/// <param name="Seeds">How many seeds a mutant is given.</param>
/// <param name="AllLayers">Runs the seeds also for what histories or unit tests have caught.</param>
/// <param name="Jobs">How many mutants run at once.</param>
/// <param name="Keep">Leaves the folder with the mutants.</param>
/// <param name="Limit">A process of tests that takes longer is taken for one that never ends.</param>
internal sealed record Options(string? Only, int Seeds, bool AllLayers, int Jobs, bool Keep, TimeSpan Limit)
{
    public static Options? Parse(string[] args)
    {
        var options = new Options(null, 100, false, Math.Max(1, Environment.ProcessorCount / 2), false, TimeSpan.FromMinutes(5));
        for (var i = 0; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--only" when value is not null: options = options with { Only = args[++i] }; break;
                case "--seeds" when int.TryParse(value, CultureInfo.InvariantCulture, out var seeds): options = options with { Seeds = seeds }; i++; break;
                case "--jobs" when int.TryParse(value, CultureInfo.InvariantCulture, out var jobs): options = options with { Jobs = jobs }; i++; break;
                case "--all": options = options with { AllLayers = true }; break;
                case "--keep": options = options with { Keep = true }; break;
                default: return null;
            }
        }

        return options;
    }
}
