using Orleans.MasterSlave.Benchmarks.Contenders;
using Orleans.MasterSlave.Benchmarks.Measuring;

namespace Orleans.MasterSlave.Benchmarks.Report;

/// <summary>The project's targets beside what was measured. A target whose load was not measured has no row.</summary>
internal sealed class TargetTable
{
    public ReportTable Table { get; } = new("Targets", "target", "what", "measured", "wanted", "met");

    public void AddWrites(Contest writes, Contender replicated, Contender postgres, Contender chain)
    {
        var (single, many) = (writes.LoadOf(1), writes.LoadOf(128));
        if (writes.Of(replicated, single) is { } mine && writes.Of(postgres, single) is { } its)
        {
            AtMost("P1", "1 caller: p50, in ms", mine.Milliseconds(0.5), 0.35);
            AtMost("P1", "1 caller: p50 ÷ that of the PostgreSQL grain", mine.Milliseconds(0.5) / its.Milliseconds(0.5), 0.6);
        }

        Ratio("P2", "128 callers: rate ÷ that of the PostgreSQL grain", writes, many, replicated, postgres, 15);
        Ratio("P2", "128 callers: rate ÷ that of the chain", writes, many, replicated, chain, 0.7);
        Ratio("P3", "one hot grain: rate ÷ that of the PostgreSQL grain", writes, Load.Hot, replicated, postgres, 30);
    }

    public void AddReads(Contest reads, Contender read, Contender plain, Contender alone)
    {
        foreach (var load in reads.Loads) Ratio("P4", $"{load}: reads ÷ plain calls", reads, load, read, plain, 0.9);
        foreach (var load in reads.Loads) Ratio("P5", $"{load}: plain calls ÷ those without the plug-in", reads, load, plain, alone, 0.97);
    }

    private void Ratio(string target, string what, Contest contest, Load? load, Contender subject, Contender other, double least)
    {
        if (contest.Of(subject, load) is not { } mine || contest.Of(other, load) is not { } its) return;
        var ratio = mine.RatioTo(its);
        Table.Add(target, what, ContestTable.Number(ratio), FormattableString.Invariant($"≥ {least}"), ratio >= least ? "yes" : "no");
    }

    private void AtMost(string target, string what, double measured, double most) =>
        Table.Add(target, what, ContestTable.Number(measured), FormattableString.Invariant($"≤ {most}"), measured <= most ? "yes" : "no");
}
