using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Routing;
using Orleans.MasterSlave.Simulated.Network;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.World;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Simulated.Workload;

/// <summary>
/// A client that decides by the product's own policy, with the default options, where its calls go. What goes to a replica passes through a gateway, as in
/// Orleans, which may be another silo; one that is silent is given up for another.
/// </summary>
internal sealed class PolicyClient(SimCluster cluster, SimGroup group, Guid id, SimRandom random) : SimClient(cluster, group, id, random)
{
    private static readonly ClientTimes Times = ClientTimes.From(new MasterSlaveClientOptions());
    private readonly SuspectSilos _suspects = new(cluster.World.Time);
    private const int Directory = -1;
    private readonly Dictionary<int, (int Gateway, TimeSpan Heard)> _ways = []; // by which gateway to a node, and when it last was heard so
    private GroupView? _view;

    /// <summary>Told how long each call took, and when it began.</summary>
    public Action<TimeSpan, TimeSpan> Took { get; init; } = (_, _) => { };

    /// <summary>When the calls that are not answered began.</summary>
    public List<TimeSpan> Unanswered { get; } = [];

    protected override void Ended(TimeSpan began) => Took(began, Cluster.World.Now - began);

    protected override async Task<CallReply> UntilAnsweredAsync<T>(Func<int, T> make, Func<SimSilo, T, Task<CallReply>> handle, CallKind kind)
    {
        var began = Cluster.World.Now;
        var request = make(0);
        var progress = new CallProgress(kind, Times, Random.Below(64));
        var signal = new TaskCompletionSource();
        CallReply? answer = null, refused = null;
        Unanswered.Add(began);
        progress.OnView(_view);
        foreach (var replica in _view?.Replicas ?? [])
            if (replica.Silo is { } silo && _suspects.IsSuspect(silo)) progress.OnSuspect(silo);
        while (answer is null)
        {
            progress.OnView(_view);
            var decision = ClientPolicy.Next(progress, Elapsed());
            switch (decision.Step)
            {
                case ClientStep.Send:
                    progress.OnSent(decision.Target!, Elapsed());
                    _ = AttemptAsync(decision.Target!, Times.Patience(progress.Target(decision.Target!).Attempts - 1));
                    break;
                case ClientStep.Resolve:
                    progress.OnResolving();
                    _ = ResolveAsync();
                    break;
                case ClientStep.Wait:
                    await Task.WhenAny(signal.Task, Cluster.World.Delay(Pause(decision.Until - Elapsed())));
                    if (signal.Task.IsCompleted) signal = new TaskCompletionSource();
                    break;
                default:
                    Unanswered.Remove(began);
                    if (refused is not null && !progress.MaybeExecuted) return refused;
                    throw new SimulationException($"At {Cluster.World.Now.TotalSeconds:F4} s: {Group.Id}: a call of {kind} was given up after {Elapsed()}: {progress.Refusal} {progress.Message}; {Cluster.Describe(Group)}");
            }
        }

        Unanswered.Remove(began);
        return answer;

        TimeSpan Elapsed() => Cluster.World.Now - began;

        async Task AttemptAsync(SiloAddress silo, TimeSpan patience)
        {
            var (node, sent) = (SimIds.LifeAt(silo).Node, Cluster.World.Now);
            var gateway = GatewayTo(node);
            Cluster.World.Note("attempt", gateway, SimIds.LifeAt(silo).Node, 0, Group.Id);
            var reply = SendAsync(silo, request, handle, gateway);
            await Task.WhenAny(reply, Cluster.World.Delay(patience));
            if (!reply.IsCompleted)
            {
                GiveUp(node, gateway, sent);
                _suspects.Suspect(silo);
                signal.TrySetResult();
            }

            try
            {
                var said = await reply;
                _ways[node] = (gateway, Cluster.World.Now);
                if (said.View is { } view) _view = _view?.WithNewsOf(view) ?? view;
                Cluster.World.Note("reply", SimIds.LifeAt(silo).Node, (int)said.Kind, (int)said.Refusal, $"{Group.Id} {said.Kind} {said.Refusal} {said.View?.Epoch} {said.View?.Version}");
                _suspects.Clear(silo);
                if (said.Kind == ReplyKind.Answered) answer ??= said;
                else if (said.Kind == ReplyKind.Redirected) progress.OnRedirected(silo, said.View, Elapsed());
                else if (said.Kind is ReplyKind.Refused or ReplyKind.NotTaken) progress.OnRefused(silo, said.Refusal, said.Message, Elapsed());
                else progress.OnUnknown(silo, said.Message, Elapsed());
                if (said.Refusal == RefusalReason.RequestExpired) refused = said;
            }
            catch (IOException e)
            {
                GiveUp(node, gateway, sent);
                _suspects.Suspect(silo);
                progress.OnBroken(silo, e.Message, Elapsed());
            }

            signal.TrySetResult();
        }

        async Task ResolveAsync()
        {
            var sent = Cluster.World.Now;
            var gateway = GatewayTo(Directory);
            var asked = Cluster.Network.CallAsync(SimNetwork.Clients, Cluster.World.Scheduler.World, gateway, Group.Plan, silo => DirectoryAsync(silo));
            try
            {
                var view = await asked.WaitAsync(Times.Patience(progress.Resolved + 1), Cluster.World.Time);
                _ways[Directory] = (gateway, Cluster.World.Now);
                if (view is not null) _view = _view?.WithNewsOf(view) ?? view;
                progress.OnResolved(view, Elapsed());
            }
            catch (Exception e) when (e is TimeoutException or IOException)
            {
                GiveUp(Directory, gateway, sent);
                progress.OnResolved(null, Elapsed());
            }

            signal.TrySetResult();
        }
    }

    private int GatewayTo(int node)
    {
        if (!_ways.TryGetValue(node, out var way)) _ways[node] = way = (Random.Below(Cluster.Nodes.Count), TimeSpan.Zero);
        return way.Gateway;
    }

    /// <summary>A gateway is given up for a node when the node has not been heard through it since it was asked, and did not answer.</summary>
    private void GiveUp(int node, int gateway, TimeSpan sent)
    {
        var way = _ways[node];
        if (way.Gateway == gateway && way.Heard < sent) _ways[node] = ((gateway + 1 + Random.Below(Cluster.Nodes.Count - 1)) % Cluster.Nodes.Count, TimeSpan.Zero);
    }

    /// <summary>A delay of less than a millisecond is none, and time stands still while there is something to do.</summary>
    private static TimeSpan Pause(TimeSpan until) => until > TimeSpan.FromMilliseconds(1) ? until : TimeSpan.FromMilliseconds(1);

    private Task<CallReply> SendAsync<T>(SiloAddress to, T request, Func<SimSilo, T, Task<CallReply>> handle, int gateway)
        where T : class
    {
        var (node, life) = SimIds.LifeAt(to);
        Task<CallReply> Serve(SimSilo silo) =>
            silo.Liveness.Self.StartCount == life ? handle(silo, request) : new TaskCompletionSource<CallReply>().Task; // nobody at this address any more
        return Cluster.Network.CallAsync(SimNetwork.Clients, Cluster.World.Scheduler.World, gateway, request, silo =>
            silo.Index == node ? Serve(silo) : Cluster.Network.CallAsync(silo.Index, silo.Lane, node, request, Serve));
    }

    /// <summary>What the directory on the gateway says: the row, and where its nodes are.</summary>
    private async Task<GroupView?> DirectoryAsync(SimSilo silo)
    {
        if (await Cluster.Store.For(silo.Lane, silo.Index).ReadAsync(Group.Id) is not { Record: var record }) return null;
        return new GroupView(Group.Id, record.Epoch, record.Version, record.Master, [.. record.Replicas.Select(n => Address(n, record))]) { Birth = record.Birth };
    }

    private ReplicaAddress Address(NodeId node, GroupRecord record) =>
        Cluster.Locate(node) is var at ? new ReplicaAddress(node, at.Silo, record.IsInSync(node), at.StartCount, at.IsDown) : null!;
}
