using Orleans.Storage;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>One silo's way to the grain storage of group records: can be cut, and tells of every call for a group.</summary>
public sealed class StoreSwitch
{
    private TaskCompletionSource _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _calls;
    private volatile bool _isCut;

    public int Calls => Volatile.Read(ref _calls);

    /// <summary>From now on every call fails. Completes when one has.</summary>
    public Task Cut()
    {
        _refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _isCut = true;
        return _refused.Task;
    }

    /// <summary>Every write of a group's row is refused, as of one that is too large.</summary>
    public bool RefusesWrites { get; set; }

    public void Mend() => _isCut = false;

    public IGrainStorage Over(IGrainStorage storage) => new Way(this, storage);

    /// <summary>The node's row is renewed all the time: that tells nothing of a group.</summary>
    private void Enter(string stateName)
    {
        var isOfGroup = stateName == "masterslave-group";
        if (!isOfGroup && _isCut) throw new TimeoutException("This silo is cut off from the group store.");
        if (!isOfGroup) return;
        Interlocked.Increment(ref _calls);
        if (!_isCut) return;
        _refused.TrySetResult();
        throw new TimeoutException("This silo is cut off from the group store.");
    }

    private sealed class Way(StoreSwitch to, IGrainStorage storage) : IGrainStorage
    {
        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            to.Enter(stateName);
            return storage.ReadStateAsync(stateName, grainId, grainState);
        }

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            to.Enter(stateName);
            if (to.RefusesWrites && stateName == "masterslave-group") throw new ArgumentException("the row is refused");
            return storage.WriteStateAsync(stateName, grainId, grainState);
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            to.Enter(stateName);
            return storage.ClearStateAsync(stateName, grainId, grainState);
        }
    }
}
