using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>One call off the straight way, and all that is under way for it. Used by one flow of control only.</summary>
internal sealed class Journey(RoutedCall call, ClientTimes times)
{
    public RoutedCall Call { get; } = call;
    public CallProgress Progress { get; } = new(call.Kind, times, call.Turn) { OnlySilo = call.OnlySilo };
    public List<Attempt> Attempts { get; } = [];
    public GroupRoutes? Routes { get; set; }
    public Task<GroupView?>? Resolving { get; set; }
    public bool ResolveWasSilent { get; set; }
    public int Detoured { get; set; }
    public Exception? LastFailure { get; set; }
}
