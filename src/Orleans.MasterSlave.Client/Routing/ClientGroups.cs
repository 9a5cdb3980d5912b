using System.Collections.Concurrent;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// The groups this client knows: bounded; when full, those that were not used for the longest time are forgotten (second chance), but none with
/// a call in flight. While every one is in use, the table is exceeded for as long.
/// </summary>
internal sealed class ClientGroups(int capacity, int maxOperationsPerGroup)
{
    private readonly ConcurrentDictionary<GrainId, ClientGroup> _groups = new();
    private readonly ConcurrentQueue<ClientGroup> _sweep = new();
    private volatile bool _hasForgotten;
    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>The group's entry, entered: the caller leaves it.</summary>
    /// <exception cref="NotSupportedOnReplicatedGrainException">No replicated grain can have that id.</exception>
    public ClientGroup Enter(GrainId group)
    {
        while (true)
        {
            if (_groups.TryGetValue(group, out var known))
            {
                if (known.TryEnter()) return known;
                _groups.TryRemove(new(group, known));
                continue;
            }

            if (GroupKeyRules.Refuse(group) is { } refused) throw new NotSupportedOnReplicatedGrainException($"{refused} Nothing was executed.");
            var made = new ClientGroup(new GroupId(group), maxOperationsPerGroup, _hasForgotten);
            if (!_groups.TryAdd(group, made)) continue;
            made.TryEnter();
            _sweep.Enqueue(made);
            if (Interlocked.Increment(ref _count) > capacity) Forget();
            return made;
        }
    }

    private void Forget()
    {
        for (var tries = 0; tries < 64 && Count > capacity && _sweep.TryDequeue(out var candidate); tries++)
        {
            if (candidate.WasUsed || !candidate.TryForget())
            {
                candidate.WasUsed = false;
                _sweep.Enqueue(candidate);
                continue;
            }

            _hasForgotten = true;
            _groups.TryRemove(new(candidate.Id.Grain, candidate));
            Interlocked.Decrement(ref _count);
        }
    }
}
