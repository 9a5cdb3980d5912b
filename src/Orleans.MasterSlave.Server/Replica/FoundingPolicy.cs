using System.Collections.Immutable;

namespace Orleans.MasterSlave.Replicas;

/// <summary>What the nodes said that were asked whether they hold data of a group.</summary>
/// <param name="Holders">Nodes whose log holds something of it.</param>
/// <param name="Silent">Nodes or silos that run, and did not answer or could not tell.</param>
internal sealed record DataFound(ImmutableArray<string> Holders, ImmutableArray<string> Silent);

/// <summary>Asks every other node that runs, at once and for a bounded time, whether its log holds anything of the group (I4).</summary>
internal interface IDataSearch
{
    Task<DataFound> AskAllAsync();
}

internal enum FoundingStep { Create, AskAgain, Refuse }

/// <summary>May a group be made that has no record: the decision, without I/O (I4).</summary>
internal static class FoundingPolicy
{
    /// <summary>How long a node that runs and does not answer holds up a creation. One that hangs must not stop all new groups for ever.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(250);

    /// <summary>How long one question waits for its answers.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    public static FoundingStep Next(DataFound found, TimeSpan asking)
    {
        if (found.Holders.Length > 0) return FoundingStep.Refuse;
        return found.Silent.Length > 0 && asking < Patience ? FoundingStep.AskAgain : FoundingStep.Create;
    }
}
