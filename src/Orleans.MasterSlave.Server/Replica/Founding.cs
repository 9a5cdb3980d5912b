using System.Collections.Immutable;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;

namespace Orleans.MasterSlave.Replicas;

/// <summary>
/// Makes a group that has no record, with this replica as its first master (G2). A record can be missing because it was lost: so every node that runs is
/// asked first whether it holds data of the group, and no empty group is made over it (I4).
/// </summary>
internal sealed class Founding(ReplicaEnvironment env, StateManager state, Action look)
{
    private Task<CreateReply>? _underWay;

    /// <summary>The record as it is then, whoever made it. Callers who come meanwhile share one creation.</summary>
    public Task<CreateReply> CreateAsync(GroupPlan plan) => _underWay is { IsCompleted: false } same ? same : _underWay = FoundAsync(plan);

    private async Task<CreateReply> FoundAsync(GroupPlan plan)
    {
        if (Present() is { } reply) return reply;
        var holders = await SearchAsync();
        if (holders.Length > 0)
        {
            // Another node may have made the group meanwhile, and these follow it.
            if (await env.Coordinator.ReadAsync(fresh: true) is { } made) return CreateReply.Of(made);
            env.Events.FoundingRefused(holders);
            return CreateReply.Refused(holders);
        }

        if (Present() is { } present) return present;
        // Another process may be this node, or the store be older than the groups that it lacks (I2).
        return env.MayActAlone(LoneAct.Create) ? CreateReply.Of(await InsertAsync(plan)) : CreateReply.NotNow;
    }

    /// <summary>The answer, when this replica knows the group or holds data of it.</summary>
    private CreateReply? Present()
    {
        if ((state.Master?.Record ?? state.Record) is { } known) return CreateReply.Of(known);
        if (env.Log.Last == LogPosition.None && env.Log.PromisedEpoch == Epoch.None && env.Log.Birth.IsNone) return null;
        state.Slave.LookNow();
        look();
        return CreateReply.Refused([$"{env.Self.Node}"]);
    }

    private async Task<ImmutableArray<string>> SearchAsync()
    {
        for (var began = env.Now; ;)
        {
            var found = await env.Search.AskAllAsync();
            switch (FoundingPolicy.Next(found, env.Now - began))
            {
                case FoundingStep.Refuse:
                    return found.Holders;
                case FoundingStep.AskAgain:
                    await Task.Delay(FoundingPolicy.AskAgainAfter, env.Time);
                    break;
                default:
                    if (found.Silent.Length > 0) env.Events.FoundedUnasked(found.Silent);
                    return [];
            }
        }
    }

    private async Task<GroupRecord> InsertAsync(GroupPlan plan)
    {
        var claim = new MasterClaim(env.Self, env.NextClaimNumber());
        var promised = env.Log.PromisedEpoch;
        GroupRecord record;
        state.TakingOffice = true;
        try
        {
            record = await env.Coordinator.CreateAsync(plan, claim, env.Liveness.Store, env.NewBirth());
            if (state.Learn(record, promised) && record.Claim == claim) await state.BecomeMasterAsync(record);
        }
        finally
        {
            state.TakingOffice = false;
        }

        state.Settle();
        return record;
    }
}
