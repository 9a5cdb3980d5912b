using System.Globalization;

namespace Orleans.MasterSlave.Benchmarks.Options;

/// <summary>A number on the command line.</summary>
internal static class NumberOption
{
    /// <exception cref="FormatException">It is none, or out of range; with a message for the user.</exception>
    public static double Parse(string name, string text, double least, double most) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"{name} needs a number from {least} to {most}; '{text}' is none.");
}
