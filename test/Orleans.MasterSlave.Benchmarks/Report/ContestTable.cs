using System.Globalization;
using Orleans.MasterSlave.Benchmarks.Contenders;
using Orleans.MasterSlave.Benchmarks.Measuring;

namespace Orleans.MasterSlave.Benchmarks.Report;

/// <summary>What a contest measured: a row for each load and contender, with the ratio of the first contender to the others.</summary>
internal static class ContestTable
{
    public static ReportTable Of(string title, Contest contest)
    {
        var subject = contest.Contenders[0];
        var table = new ReportTable(title, "load", "measured", "per second", "slowest – fastest round", "p50 ms", "p99 ms", $"{subject.Name} ÷ this");
        foreach (var load in contest.Loads)
        {
            foreach (var contender in contest.Contenders)
            {
                if (contest.Of(contender, load) is { } rounds) table.Add([load.ToString(), contender.Name, .. Cells(rounds, contender, contest.Of(subject, load), subject)]);
            }
        }

        return table;
    }

    public static string Number(double number) => number.ToString(number < 10 ? "0.00" : number < 100 ? "0.0" : "#,0", CultureInfo.InvariantCulture).Replace(',', ' ');

    private static string[] Cells(Rounds rounds, Contender contender, Rounds? ofSubject, Contender subject) =>
    [
        Number(rounds.PerSecond) + (rounds.Failed > 0 ? $" ({rounds.Failed} failed)" : ""),
        $"{Number(rounds.Slowest)} – {Number(rounds.Fastest)}",
        Number(rounds.Milliseconds(0.5)),
        Number(rounds.Milliseconds(0.99)),
        contender == subject || ofSubject is null ? "" : Number(ofSubject.RatioTo(rounds)),
    ];
}
