using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Node;

/// <summary>
/// Which silo is which node today (I3): asks each active silo once, and again while one has not answered. Thread-safe.
/// </summary>
internal sealed partial class NodeDirectory(
    IClusterMembershipService membership, IGrainFactory factory, ILocalSiloDetails local, TimeProvider time, ILogger<NodeDirectory> logger)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(250);
    private readonly Lock _lock = new();
    private ImmutableDictionary<SiloAddress, NodeHello> _bySilo = ImmutableDictionary<SiloAddress, NodeHello>.Empty;
    private ImmutableDictionary<NodeId, SiloAddress> _byNode = ImmutableDictionary<NodeId, SiloAddress>.Empty;

    public void AddSelf(NodeHello self) => Learn(local.SiloAddress, self);

    /// <summary>The silo on which a node runs, as last heard; null: none that is not known to be dead.</summary>
    public SiloAddress? Locate(NodeId node) => Volatile.Read(ref _byNode).GetValueOrDefault(node);

    /// <summary>Every node that runs.</summary>
    public IReadOnlyList<(NodeId Node, string Zone)> Nodes()
    {
        var byNode = Volatile.Read(ref _byNode);
        var bySilo = Volatile.Read(ref _bySilo);
        return [.. byNode.Where(n => bySilo.ContainsKey(n.Value)).Select(n => (n.Key, bySilo[n.Value] is { Zone.Length: > 0 } hello ? hello.Zone : n.Key.Value.ToString()))];
    }

    public async Task RunAsync(CancellationToken stopped)
    {
        while (!stopped.IsCancellationRequested)
        {
            var snapshot = membership.CurrentSnapshot;
            var active = snapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress).ToHashSet();
            Forget(silo => snapshot.GetSiloStatus(silo) == SiloStatus.Dead);
            await Task.WhenAll(active.Where(s => !_bySilo.ContainsKey(s)).Select(AskAsync));
            await Task.Delay(AskAgain, time, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AskAsync(SiloAddress silo)
    {
        try
        {
            if (await factory.GetGrain<INodeGrain>(silo.ToParsableString()).HelloAsync() is { } hello) Learn(silo, hello);
        }
        catch (Exception e)
        {
            LogSilent(e, silo);
        }
    }

    private void Learn(SiloAddress silo, NodeHello hello)
    {
        lock (_lock)
        {
            _bySilo = _bySilo.SetItem(silo, hello);
            var known = _byNode.TryGetValue(hello.Life.Node, out var at) && _bySilo.TryGetValue(at, out var older) && older.Life.StartCount > hello.Life.StartCount;
            if (!known) _byNode = _byNode.SetItem(hello.Life.Node, silo);
        }

        LogKnown(silo, hello.Life);
    }

    private void Forget(Func<SiloAddress, bool> isDead)
    {
        lock (_lock)
        {
            foreach (var silo in _bySilo.Keys.Where(isDead).ToArray())
            {
                var node = _bySilo[silo].Life.Node;
                _bySilo = _bySilo.Remove(silo);
                if (_byNode.GetValueOrDefault(node)?.Equals(silo) == true) _byNode = _byNode.Remove(node);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Silo {Silo} is node {Node}.")]
    private partial void LogKnown(SiloAddress silo, NodeLife node);

    [LoggerMessage(LogLevel.Debug, "Silo {Silo} did not say which node it is; asked again.")]
    private partial void LogSilent(Exception error, SiloAddress silo);
}
