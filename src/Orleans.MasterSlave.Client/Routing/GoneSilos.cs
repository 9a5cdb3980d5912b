using System.Collections.Immutable;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// Addresses at which nobody will ever answer again, for all groups: a view said that the life of a node there is over or names a later
/// one, a relay said so, or, on a silo,
/// its membership. Nothing is sent to them. Thread-safe.
/// </summary>
internal sealed class GoneSilos(ISiloDeaths? membership = null)
{
    private const int Most = 4_096; // then it begins anew: what is forgotten is learned again by one more question
    private const int MostNodes = 4_096;
    private readonly Lock _gate = new();
    private ImmutableHashSet<SiloAddress> _gone = [];
    private ImmutableDictionary<NodeId, ReplicaAddress> _latest = ImmutableDictionary<NodeId, ReplicaAddress>.Empty;

    public bool IsGone(SiloAddress silo) => (Volatile.Read(ref _gone) is { Count: > 0 } gone && gone.Contains(silo)) || membership?.IsDead(silo) == true;

    public void Learn(SiloAddress silo)
    {
        lock (_gate) Volatile.Write(ref _gone, (_gone.Count < Most ? _gone : []).Add(silo));
    }

    /// <summary>
    /// Takes the view's news of addresses in, for every other group, and gives the view with all that are known to be gone marked as
    /// down.
    /// </summary>
    public GroupView Mark(GroupView view)
    {
        foreach (var replica in view.Replicas) Learn(replica);
        var replicas = view.Replicas;
        for (var i = 0; i < replicas.Length; i++)
        {
            if (replicas[i].Callable is { } silo && IsGone(silo)) replicas = replicas.SetItem(i, replicas[i] with { IsDown = true });
        }

        return replicas == view.Replicas ? view : view with { Replicas = replicas };
    }

    private void Learn(ReplicaAddress news)
    {
        if (news.Silo is not { } silo || news.StartCount == 0) return;
        if (Volatile.Read(ref _latest).TryGetValue(news.Node, out var known) && known.StartCount == news.StartCount && known.IsDown == news.IsDown) return;
        lock (_gate)
        {
            known = _latest.GetValueOrDefault(news.Node);
            if (known?.StartCount > news.StartCount)
            {
                Learn(silo);
                return;
            }

            if (known?.Silo is { } earlier && known.StartCount < news.StartCount) Learn(earlier);
            if (news.IsDown) Learn(silo);
            if (known is null || known.StartCount < news.StartCount || news.IsDown)
                Volatile.Write(ref _latest, (_latest.Count < MostNodes ? _latest : ImmutableDictionary<NodeId, ReplicaAddress>.Empty).SetItem(news.Node, news));
        }
    }
}
