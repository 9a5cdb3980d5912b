using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Diagnostics;
using Orleans.Metadata;

namespace Orleans.MasterSlave.Node;

/// <summary>
/// Which silo is which node today (I3): asks each active silo once, and again while one has not answered. Thread-safe.
/// </summary>
internal sealed partial class NodeDirectory(
    IClusterMembershipService membership, IClusterManifestProvider manifests, IGrainFactory factory, ILocalSiloDetails local, TimeProvider time, NodeFaults faults, ILogger<NodeDirectory> logger)
{
    private static readonly GrainType NodeGrainType = GrainType.Create(NodeGrain.TypeName);
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(10); // before it is told
    private readonly ConcurrentDictionary<SiloAddress, TimeSpan> _silentSince = []; // MaxValue: told
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<SiloAddress, Task> _asking = [];
    private NodeHello? _self;
    private ImmutableDictionary<SiloAddress, NodeHello> _bySilo = ImmutableDictionary<SiloAddress, NodeHello>.Empty;
    private ImmutableDictionary<NodeId, NodeAddress> _byNode = ImmutableDictionary<NodeId, NodeAddress>.Empty; // of each node its latest life

    public void AddSelf(NodeHello self)
    {
        _self = self;
        Learn(local.SiloAddress, self);
    }

    /// <summary>The silo on which a node runs, as last heard; null: none that is not known to be dead.</summary>
    public SiloAddress? Locate(NodeId node) => AddressOf(node) is { IsDown: false, Silo: var silo } ? silo : null;

    /// <summary>Where a node runs, or ran last: callers who know an address must hear that it is over.</summary>
    public NodeAddress AddressOf(NodeId node) => Volatile.Read(ref _byNode).GetValueOrDefault(node);

    /// <summary>
    /// The node that runs, or ran, at that address; null: not known. <paramref name="isOver"/>: it has started again, elsewhere or there.
    /// </summary>
    public NodeId? NodeAt(SiloAddress silo, out bool isOver)
    {
        isOver = false;
        if (!Volatile.Read(ref _bySilo).TryGetValue(silo, out var hello)) return null;
        isOver = AddressOf(hello.Life.Node).StartCount > hello.Life.StartCount;
        return hello.Life.Node;
    }

    /// <summary>All that is known, as an object that is another one when anything of it has changed.</summary>
    public object Known => Volatile.Read(ref _byNode);

    /// <summary>Done after each look around.</summary>
    public Action? Looked { get; set; }

    /// <summary>Every node that runs.</summary>
    public IReadOnlyList<(NodeId Node, string Zone)> Nodes()
    {
        var byNode = Volatile.Read(ref _byNode);
        var bySilo = Volatile.Read(ref _bySilo);
        return
        [
            .. byNode.Where(n => !n.Value.IsDown && bySilo.ContainsKey(n.Value.Silo!))
                .Select(n => (n.Key, bySilo[n.Value.Silo!] is { Zone.Length: > 0 } hello ? hello.Zone : n.Key.Value.ToString())),
        ];
    }

    public async Task RunAsync(CancellationToken stopped)
    {
        while (!stopped.IsCancellationRequested)
        {
            faults.Guard("learning the nodes", () =>
            {
                var snapshot = membership.CurrentSnapshot;
                Forget(silo => snapshot.GetSiloStatus(silo) == SiloStatus.Dead);
                AskUnknown(); // not awaited: a silo that hangs must not keep the others from being learned
            });
            if (Looked is { } looked) faults.Guard("looking for places of replicas", looked);
            await Task.Delay(AskAgain, time, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Asks every active silo that is not known yet, and waits a bounded time for their answers.</summary>
    public async Task LearnAllAsync(TimeSpan limit) =>
        await Task.WhenAll(AskUnknown()).WaitAsync(limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private Task[] AskUnknown()
    {
        var known = Volatile.Read(ref _bySilo);
        return
        [
            .. membership.CurrentSnapshot.Members.Values
                .Where(m => m.Status == SiloStatus.Active && !known.ContainsKey(m.SiloAddress) && MayBeNode(m.SiloAddress))
                .Select(m => _asking.GetOrAdd(m.SiloAddress, AskAsync)),
        ];
    }

    /// <summary>A silo without replicated grains has no node; one whose manifest has not come yet may have.</summary>
    private bool MayBeNode(SiloAddress silo) => !manifests.Current.Silos.TryGetValue(silo, out var grains) || grains.Grains.ContainsKey(NodeGrainType);

    private async Task AskAsync(SiloAddress silo)
    {
        await Task.Yield(); // so that it is in _asking before it takes itself out
        try
        {
            if (await HelloOfAsync(silo) is not { } hello) return;
            if (hello.Store == _self!.Store) Learn(silo, hello);
            else LogOtherStore(silo, hello.Life, hello.Store, _self.Store);
        }
        catch (Exception e)
        {
            faults.Report("learning which node a silo is", e);
        }
        finally
        {
            _asking.TryRemove(silo, out _);
        }
    }

    private async Task<NodeHello?> HelloOfAsync(SiloAddress silo)
    {
        try
        {
            return await factory.GetGrain<INodeGrain>(silo.ToParsableString()).HelloAsync();
        }
        catch (Exception e)
        {
            LogSilent(e, silo);
            TellIfLong(silo, e);
            return null;
        }
    }

    private void TellIfLong(SiloAddress silo, Exception error)
    {
        var now = time.GetElapsedTime(0);
        var since = _silentSince.GetOrAdd(silo, now);
        if (since == TimeSpan.MaxValue || now - since < SilentFor || !_silentSince.TryUpdate(silo, TimeSpan.MaxValue, since)) return;
        LogLongSilent(error, silo);
    }

    private void Learn(SiloAddress silo, NodeHello hello)
    {
        _silentSince.TryRemove(silo, out _);
        lock (_lock)
        {
            _bySilo = _bySilo.SetItem(silo, hello);
            var known = _byNode.GetValueOrDefault(hello.Life.Node);
            if (known.StartCount < hello.Life.StartCount) _byNode = _byNode.SetItem(hello.Life.Node, new NodeAddress(hello.Life.StartCount, silo, IsDown: false));
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
                _silentSince.TryRemove(silo, out _);
                if (_byNode.TryGetValue(node, out var at) && silo.Equals(at.Silo)) _byNode = _byNode.SetItem(node, at with { IsDown = true });
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Silo {Silo} is node {Node}.")]
    private partial void LogKnown(SiloAddress silo, NodeLife node);

    [LoggerMessage(LogLevel.Error, "Silo {Silo}, node {Node}, works with group store {Theirs} and this silo with {Ours}: no replicas are placed there. Give all silos the same storage.")]
    private partial void LogOtherStore(SiloAddress silo, NodeLife node, StoreId theirs, StoreId ours);

    [LoggerMessage(LogLevel.Warning, "Silo {Silo} has not said for long which node it is: no replicas are placed there.")]
    private partial void LogLongSilent(Exception error, SiloAddress silo);

    [LoggerMessage(LogLevel.Debug, "Silo {Silo} did not say which node it is; asked again.")]
    private partial void LogSilent(Exception error, SiloAddress silo);
}
