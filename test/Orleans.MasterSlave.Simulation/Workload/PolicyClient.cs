using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Routing;
using Orleans.MasterSlave.Simulated.Nodes;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Workload;

/// <summary>A client whose calls go by the product's own calling side: see <see cref="SimRouting"/>.</summary>
internal sealed class PolicyClient(SimCluster cluster, SimRouting routing, SimGroup group, Guid id, SimRandom random) : SimClient(cluster, group, id, random)
{
    private readonly ClientGroup _group = new(group.Id, maxOperations: 1_000, mayHaveBeenForgotten: false);

    /// <summary>Told how long each call took, and when it began.</summary>
    public Action<TimeSpan, TimeSpan> Took { get; init; } = (_, _) => { };

    /// <summary>When the calls that are not answered began.</summary>
    public List<TimeSpan> Unanswered { get; } = [];

    protected override void Ended(TimeSpan began) => Took(began, Cluster.World.Now - began);

    protected override async Task<CallReply> UntilAnsweredAsync<T>(Func<int, T> make, Func<SimSilo, T, Task<CallReply>> handle, CallKind kind)
    {
        var began = Cluster.World.Now;
        var request = make(0);
        var call = new RoutedCall(_group, kind, Cluster.World.Time.GetTimestamp(), routing.Times, CancellationToken.None)
        {
            Operation = request as Operation, Read = request as ReadRequest, Turn = Random.Below(64),
        };
        Unanswered.Add(began);
        try
        {
            return await routing.Rerouter.RerouteAsync(call, null, null);
        }
        catch (RequestExpiredException e) when (e.IsNew)
        {
            return new CallReply { Kind = ReplyKind.Refused, Refusal = RefusalReason.RequestExpired, Token = _group.Token(out _) };
        }
        catch (MasterSlaveException e)
        {
            throw new SimulationException(
                $"At {Cluster.World.Now.TotalSeconds:F4} s: {Group.Id}: a call of {kind} was given up after {Cluster.World.Now - began}: {e.Message}; {Cluster.Describe(Group)}");
        }
        finally
        {
            Unanswered.Remove(began);
        }
    }
}
