namespace Orleans.MasterSlave.Benchmarks.Contenders;

/// <summary>The names of what is compared, in two groups. They are known before anything is started, so that a choice of nothing is refused at once.</summary>
internal static class ContenderNames
{
    public const string ReplicatedWrite = "replicated write", PostgresWrite = "PostgreSQL grain", PlainChain = "chain of two silos";
    public const string ReplicatedRead = "replicated read", PlainRead = "plain call", PlainReadAlone = "plain call, no plug-in";

    public static IReadOnlyList<string> Writes { get; } = [ReplicatedWrite, PostgresWrite, PlainChain];
    public static IReadOnlyList<string> Reads { get; } = [ReplicatedRead, PlainRead, PlainReadAlone];
}
