using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Simulated.Disk;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Checks;

/// <summary>Watches one group from outside: what is applied where, who answers, how the record moves. Knows nothing of how the core works.</summary>
internal sealed class GroupChecker(SimWorld world, GroupPlan plan, Func<int, DiskContents> platter)
{
    private readonly Dictionary<(long Epoch, long Index), (RequestId Request, ulong Digest)> _appliedAt = [];
    private readonly HashSet<(long Epoch, long Index)> _skippedAt = [];
    private readonly Dictionary<long, ulong> _digests = new() { [0] = 0 };
    private readonly Dictionary<long, int> _mastersByEpoch = [];
    private readonly Dictionary<RequestId, Acknowledged> _acknowledged = [];
    private readonly Dictionary<RequestId, LogIndex> _indexes = [];
    private readonly HashSet<RequestId> _answered = [];
    private readonly List<(TimeSpan At, int Count)> _answeredBefore = [];
    private GroupRecord? _record;
    private long? _imported;
    private long _answeringEpoch;

    private static readonly TimeSpan LongestAge = TimeSpan.FromMinutes(1);

    public GroupId Group => plan.Group;
    public bool IsSync => plan.Mode == ReplicationMode.Synchronous;

    /// <summary>The scenario takes back what a disk had confirmed.</summary>
    public bool DisksMayForget { get; set; }
    public int MasterBefore { get; private set; } = -1;
    public IReadOnlyDictionary<RequestId, Acknowledged> All => _acknowledged;

    /// <summary>Where the acknowledged history stands now: what begins from here on must come after it.</summary>
    public Moment Now { get; private set; }

    /// <summary>A replica applied an entry. Two replicas never apply different ones at one place.</summary>
    public void Applied(int node, LogEntry entry, int count, ulong digest)
    {
        var at = (IsSync ? 0 : entry.Epoch.Value, entry.Index.Value);
        world.Require(
            !_appliedAt.TryGetValue(at, out var other) || other == (entry.Request, digest),
            () => $"{Group}: node {node} applied {entry.Request} at {entry.Position}, where another applied {other.Request} (or their states differ)");
        world.Require(!_skippedAt.Contains(at), () => $"{Group}: node {node} executes {entry.Position}, which another has skipped (W10)");
        _appliedAt[at] = (entry.Request, digest);
        if (!IsSync) return;
        _digests[count] = digest;
        _indexes[entry.Request] = entry.Index;
    }

    /// <summary>A replica has its first state: of several that were imported, all have the same one, and keep it (G12).</summary>
    public void Imported(int node, long value)
    {
        world.Require(!IsSync || _imported is null || _imported == value, () => $"{Group}: node {node} imported {value}, where others have {_imported} (G12)");
        _imported = value;
    }

    /// <summary>A replica leaves an entry out, as an operator had it done. No other ever executed it, nor will.</summary>
    public void SkippedAt(int node, LogEntry entry)
    {
        world.Count("entry skipped");
        var at = (IsSync ? 0 : entry.Epoch.Value, entry.Index.Value);
        world.Require(!_appliedAt.ContainsKey(at), () => $"{Group}: node {node} skips {entry.Position}, which another has executed (W10)");
        _skippedAt.Add(at);
    }

    /// <summary>A replica gives an answer, as seen on its own node.</summary>
    public void AnsweredBy(int node, RequestId request, SessionToken token, int count)
    {
        var epoch = token.Epoch.Value;
        world.Require(
            !_mastersByEpoch.TryGetValue(epoch, out var other) || other == node,
            () => $"{Group}: nodes {other} and {node} both acknowledge in {token.Epoch}");
        _mastersByEpoch[epoch] = node;
        world.Require(IsSync || epoch >= _answeringEpoch, () => $"{Group}: node {node} acknowledges in {token.Epoch} after e{_answeringEpoch} has (W4)");
        _answeringEpoch = Math.Max(_answeringEpoch, epoch);
        if (!IsSync || !_answered.Add(request)) return;
        if (_answeredBefore.Count == 0 || count > _answeredBefore[^1].Count) _answeredBefore.Add((world.Now, count));
        var holders = 0;
        foreach (var replica in _record!.Replicas.Select(SimIds.IndexOf))
        {
            var holds = Holds(platter(replica), request);
            if (holds) holders++;
            world.Require(holds || !_record.IsInSync(SimIds.Node(replica)), () => $"{Group}: node {node} acknowledges {request}, which node {replica} has not on its disk: {_record}");
        }

        world.Require(holders >= plan.MinInSync, () => $"{Group}: node {node} acknowledges {request} on {holders} disks (W8)");
    }

    /// <summary>A client has its answer.</summary>
    public void Acknowledge(RequestId request, Moment began, int count, ulong digest, SessionToken token)
    {
        world.Require(!_acknowledged.ContainsKey(request), () => $"{Group}: {request} was acknowledged twice to one caller");
        CheckOrder($"operation {request}", began, count, digest, token, least: began.Count + 1);
        _acknowledged[request] = new Acknowledged(count, token, world.Now);
        Now = Now.With(token.DataLossCount, count);
        world.Count("acknowledged");
        world.Note("ack", request.Sequence, count, token.Epoch.Value, request);
    }

    /// <summary>A linearizable read has its answer: it sees all that was acknowledged, or read so, before it began.</summary>
    public void MasterRead(Moment began, int count, ulong digest, SessionToken token)
    {
        CheckOrder("a master read", began, count, digest, token, least: began.Count);
        Now = Now.With(token.DataLossCount, count);
        world.Count("master read");
    }

    /// <summary>A read with a token has its answer: it goes not back behind what the same client saw.</summary>
    public void TokenRead(Moment seen, int count, ulong digest, SessionToken token)
    {
        CheckOrder("a read with a token", seen, count, digest, token, least: seen.Count);
        world.Count("token read");
    }

    /// <summary>
    /// A replica answers a read, as seen on its own node, in synchronous mode: it shows what was answered longer ago than <paramref name="age"/> (R2).
    /// </summary>
    public void ReadAnswered(int node, int count, TimeSpan age)
    {
        if (!IsSync) return;
        var bound = world.Now - (age * 1.02) - TimeSpan.FromMilliseconds(1); // its clock may be 1 % slow
        while (_answeredBefore.Count > 1 && _answeredBefore[1].At <= world.Now - LongestAge) _answeredBefore.RemoveAt(0);
        var least = _answeredBefore.LastOrDefault(a => a.At <= bound).Count;
        world.Require(count >= least, () => $"{Group}: node {node} shows {count} operations in a read, and {least} were answered {age} ago (R2)");
        world.Count("read answered by a replica");
    }

    /// <summary>The row moved.</summary>
    public void Swapped(GroupRecord next, GroupRecord? before)
    {
        world.Require(next.InSync.Contains(next.Master), () => $"the master is in sync: {next}");
        world.Require(next.InSync.All(next.Replicas.Contains), () => $"who is in sync is a replica: {next}");
        world.Require(GroupPolicy.FlawOf(next) is null, () => $"{GroupPolicy.FlawOf(next)}: {next}");
        _record = next;
        if (before is null) return;
        world.Require(next.Version == before.Version + 1, () => $"versions go up by one: {before} → {next}");
        world.Require(next.Epoch >= before.Epoch, () => $"epochs never go back: {before} → {next}");
        world.Require(next.Epoch > before.Epoch || next.Claim == before.Claim, () => $"a new master is a new epoch: {before} → {next}");
        if (next.Epoch > before.Epoch) MasterBefore = SimIds.IndexOf(before.Master);
        if (IsSync && !DisksMayForget) RequireAllOnDiskOf(next);
    }

    /// <summary>Whoever is in sync has all that was answered on its disk: it may become master.</summary>
    private void RequireAllOnDiskOf(GroupRecord record)
    {
        foreach (var replica in record.InSync.Select(SimIds.IndexOf))
        {
            var contents = platter(replica);
            var held = contents.Entries.Select(e => e.Request).ToHashSet();
            foreach (var request in _answered)
            {
                world.Require(
                    _indexes[request] <= contents.Base.Index || held.Contains(request),
                    () => $"{Group}: node {replica} is in sync without {request}, which was answered: {record}");
            }
        }
    }

    private bool Holds(DiskContents contents, RequestId request) =>
        _indexes[request] <= contents.Base.Index || contents.Entries.FindLastIndex(e => e.Request == request) >= 0;

    private void CheckOrder(string what, Moment began, int count, ulong digest, SessionToken token, int least)
    {
        world.Require(token.DataLossCount >= began.DataLossCount, () => $"{Group}: {what} went back behind a data loss");
        if (token.DataLossCount > began.DataLossCount) return;
        world.Require(count >= least, () => $"{Group}: {what} saw {count} operations, after {least} had been seen ({token})");
        world.Require(!IsSync || (_digests.TryGetValue(count, out var known) && known == digest), () => $"{Group}: {what} saw a state that no replica had");
    }
}

/// <summary>How much of a group's history has been seen.</summary>
internal readonly record struct Moment(long DataLossCount, int Count)
{
    public Moment With(long dataLossCount, int count) =>
        (dataLossCount, count).CompareTo((DataLossCount, Count)) > 0 ? new Moment(dataLossCount, count) : this;
}

/// <summary>An operation whose answer reached its client.</summary>
internal sealed record Acknowledged(int Count, SessionToken Token, TimeSpan At);
