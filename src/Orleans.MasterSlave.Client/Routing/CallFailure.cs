using Orleans.MasterSlave.Contracts;
using Orleans.Serialization;

namespace Orleans.MasterSlave.Routing;

/// <summary>Which exception the caller gets.</summary>
internal static class CallFailure
{
    /// <summary>What ends a call that was given up.</summary>
    public static MasterSlaveException Of(CallProgress call, ClientGroup group, Exception? cause)
    {
        var said = call.Message is null ? "" : $" Last word: {call.Message}";
        switch (call.Refusal)
        {
            case RefusalReason.RequestExpired when call.IsFinal && !call.MaybeExecuted:
                return new RequestExpiredException($"{group.Id}: the group has forgotten clients that were active after what this one knew; not executed.{said}") { IsNew = true };
            case RefusalReason.RequestIdReused:
                return new RequestExpiredException($"{group.Id}: another process uses this client's ids; not executed.{said}") { IsNew = true };
            case RefusalReason.RequestExpired when call.IsFinal:
                return new RequestExpiredException($"{group.Id}: the request is older than what the master remembers, and may have been executed.{said}");
            case RefusalReason.TokenLost when call.IsFinal:
                group.DropToken();
                return new SessionTokenLostException($"{group.Id}: what this client saw was lost in a failover. Read again.{said}");
            case RefusalReason.NoFirstState when call.IsFinal && !call.MaybeExecuted:
                return new FirstStateImportException($"{group.Id}: {call.Message}");
            case RefusalReason.Unsupported when call.IsFinal:
                return new NotSupportedOnReplicatedGrainException($"{group.Id}: {call.Message}");
        }

        if (call.MaybeExecuted)
            return new OperationOutcomeUnknownException($"{group.Id}: no answer {Within(call)}; the operation may have been executed.{said}", cause);
        return call.Refusal switch
        {
            RefusalReason.StoppedAtEntry => new GroupStoppedException($"{call.Message}", cause),
            RefusalReason.TooFewInSync => new TooFewInSyncException($"{group.Id}: too few replicas are in sync; not executed.{said}", cause),
            RefusalReason.Overloaded or RefusalReason.SessionTableFull or RefusalReason.DiskFull =>
                new OverloadedException($"{group.Id}: {call.Refusal} for {call.Times.Call}; not executed.{said}", cause),
            RefusalReason.Quarantined => new GroupQuarantinedException($"{group.Id}: no replica serves; not executed.{said}", cause),
            _ => new ReplicaUnavailableException($"{group.Id}: no replica answered within {call.Times.Call}; not executed.{said}", cause),
        };
    }

    private static string Within(CallProgress call) => call.Refusal is RefusalReason.Quarantined or RefusalReason.StoppedAtEntry ? "from any replica" : $"within {call.Times.Call}";

    /// <summary>May the same attempt succeed a moment later? Silos come and go; what cannot be serialized, or is not set up, stays so.</summary>
    public static bool IsPassing(Exception failure) => failure is not (MasterSlaveException or SerializerException or GrainExtensionNotInstalledException);

    public static Exception Lasting(Exception failure) => failure switch
    {
        GrainExtensionNotInstalledException => new MasterSlaveConfigurationException("A silo hosts a replicated grain and lacks AddMasterSlave().", failure),
        GroupNotMadeException { InnerException: { } cause } => cause, // as a plain grain's caller would get it
        _ => failure,
    };
}
