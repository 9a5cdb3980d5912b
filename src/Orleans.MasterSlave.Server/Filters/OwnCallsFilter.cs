using System.Runtime.ExceptionServices;
using Orleans.MasterSlave.Contracts;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Filters;

/// <summary>
/// First of all incoming filters: the library's own calls (heartbeats, entries, questions to the directory) are none of the others'
/// business. One that refuses anonymous calls would switch replication off, unnoticed. The author's methods reach them by
/// <see cref="FilteredCall"/>.
/// </summary>
internal sealed class OwnCallsFilter(IncomingFilters filters) : IIncomingGrainCallFilter
{
    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (IsOwn(context.Request)) return InvokeOwnAsync(context);
        return context.Request.GetTarget() is IReplicatedGrain ? throw NotByTheLibrary(context.TargetId) : context.Invoke();
    }

    /// <summary>It would change one replica, and nobody's log. Also a key that only looks like a replica's id can lead here.</summary>
    private static MasterSlaveConfigurationException NotByTheLibrary(GrainId target) => new(
        $"{ReplicaKey.Describe(target)} was called as if it were a plain grain: the client or silo that sent the call lacks AddMasterSlave(), or was started when the " +
        "grain was not replicated yet (restart it). Nothing was executed.");

    private static bool IsOwn(IInvokable request)
    {
        var assembly = request.GetInterfaceType().Assembly;
        return assembly == typeof(OwnCallsFilter).Assembly || assembly == typeof(IReplicaEndpoint).Assembly;
    }

    private async Task InvokeOwnAsync(IIncomingGrainCallContext context)
    {
        if (filters.AnyOfSilo || context.Grain is IIncomingGrainCallFilter) CallSource.Set(context.SourceId);
        var response = await context.Request.Invoke();
        if (response.Exception is { } exception) ExceptionDispatchInfo.Throw(exception); // as Orleans does at this stage
        context.Response = response;
    }
}

/// <summary>Who made the call that is being served, for the filters that see it.</summary>
internal static class CallSource
{
    private static readonly AsyncLocal<GrainId?> Ambient = new();

    /// <summary>The calling grain, a replica by its group's id; null: a client, or it is not known (a relay brought the call).</summary>
    public static GrainId? Current => Ambient.Value;

    public static void Set(GrainId? source) =>
        Ambient.Value = source is { } id && !id.Type.ToString()!.StartsWith("masterslave.", StringComparison.Ordinal) ? ReplicaKey.GroupOf(id) : null;
}
