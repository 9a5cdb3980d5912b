using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Shell;

namespace Orleans.MasterSlave.Node;

/// <summary>
/// Wakes, after a start, the replicas that the log holds: a replica that nobody wakes neither competes nor can be fed, and after all silos of a group were down there may
/// be no caller who knows where it lives now. A few at a time; groups that are called meanwhile wake by themselves.
/// </summary>
internal sealed partial class GroupWaker(IGrainFactory factory, SiloAddress local, ILogger logger)
{
    private const int AtOnce = 32;

    public async Task RunAsync(IReadOnlyList<GroupId> groups, CancellationToken stopped)
    {
        await Parallel.ForEachAsync(groups, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stopped }, async (group, _) =>
        {
            try
            {
                await factory.GetGrain<IReplicaPeer>(ReplicaGrainId.Create(group, local)).StatusAsync();
            }
            catch (Exception e)
            {
                LogNotWoken(e, group); // what keeps it from starting is told where it happens; the next caller tries again
            }
        }).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(LogLevel.Debug, "Group {Group} could not be woken after the start.")]
    private partial void LogNotWoken(Exception error, GroupId group);
}
