using System.Collections.Concurrent;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// The coordinators of one node, one for each group, shared by the node's replica and by the coordinator grain. All run on one exclusive scheduler, and
/// a call ends only when its outcome is settled: there is no response timeout in between that would leave a caller in the dark (G1).
/// </summary>
internal sealed class GroupCoordinators(IGroupStore store, TimeProvider time, CancellationToken stopped)
{
    private readonly TaskScheduler _scheduler = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
    private readonly ConcurrentDictionary<GroupId, Serialized> _coordinators = new();

    public IGroupCoordinator Of(GroupId group) =>
        _coordinators.GetOrAdd(group, id => new Serialized(new GroupCoordinator(id, store, time, stopped), _scheduler));

    private sealed class Serialized(GroupCoordinator inner, TaskScheduler scheduler) : IGroupCoordinator
    {
        public Task<GroupRecord?> ReadAsync(bool fresh) => Run(() => inner.ReadAsync(fresh));
        public Task<GroupRecord?> SettledAsync() => Run(inner.SettledAsync);
        public Task<GroupRecord> CreateAsync(GroupPlan plan, MasterClaim claim, StoreId storeId, GroupBirth birth) =>
            Run(() => inner.CreateAsync(plan, claim, storeId, birth));
        public Task<GroupRecord> PromoteAsync(MasterClaim claim, long basedOnVersion, bool holdsAll = false) =>
            Run(() => inner.PromoteAsync(claim, basedOnVersion, holdsAll));
        public Task<GroupRecord> ShrinkAsync(MasterClaim claim, NodeId slave) => Run(() => inner.ShrinkAsync(claim, slave));
        public Task<GroupRecord> GrowAsync(MasterClaim claim, NodeId slave) => Run(() => inner.GrowAsync(claim, slave));

        public Task<GroupRecord> EnterAsync(MasterClaim claim, NodeId node, int wanted) => Run(() => inner.EnterAsync(claim, node, wanted));

        private Task<T> Run<T>(Func<Task<T>> call) =>
            Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler).Unwrap();
    }
}
