using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;
using Orleans.Metadata;

namespace Orleans.MasterSlave.Node;

/// <summary>Asks the node on every other active silo whether it holds data of a group (I4).</summary>
internal sealed partial class NodeDataSearch(
    GroupId group,
    IClusterMembershipService membership,
    IClusterManifestProvider manifest,
    IGrainFactory factory,
    ILocalSiloDetails local,
    TimeProvider time,
    ILogger<NodeDataSearch> logger) : IDataSearch
{
    private static readonly GrainType NodeGrainType = GrainType.Create(NodeGrain.TypeName);

    public async Task<DataFound> AskAllAsync()
    {
        var replies = await Task.WhenAll(
            membership.CurrentSnapshot.Members.Values
                .Where(m => m.Status == SiloStatus.Active && !m.SiloAddress.Equals(local.SiloAddress) && MayBeNode(m.SiloAddress))
                .Select(m => AskAsync(m.SiloAddress)));
        return new DataFound(Those(GroupHolding.Data), Those(GroupHolding.Unknown));

        ImmutableArray<string> Those(GroupHolding holding) => [.. replies.Where(r => r.Holding == holding).Select(r => r.Name).Order(StringComparer.Ordinal)];
    }

    /// <summary>A silo without replicated grains has no node; one whose manifest has not come yet may have.</summary>
    private bool MayBeNode(SiloAddress silo) => !manifest.Current.Silos.TryGetValue(silo, out var grains) || grains.Grains.ContainsKey(NodeGrainType);

    private async Task<(string Name, GroupHolding Holding)> AskAsync(SiloAddress silo)
    {
        try
        {
            var reply = await factory.GetGrain<INodeGrain>(silo.ToParsableString()).HoldingAsync(group).WaitAsync(FoundingPolicy.AnswerTimeout, time);
            return ($"{reply.Node} ({silo})", reply.Holding);
        }
        catch (Exception e)
        {
            LogSilent(e, silo, group);
            return ($"silo {silo}", GroupHolding.Unknown);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Silo {Silo} did not say whether it holds data of group {Group}.")]
    private partial void LogSilent(Exception error, SiloAddress silo, GroupId group);
}
