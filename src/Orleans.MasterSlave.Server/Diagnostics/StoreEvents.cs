using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Group;

namespace Orleans.MasterSlave.Diagnostics;

/// <summary>Logs and counts how the group store answers this silo.</summary>
internal sealed partial class StoreEvents(MasterSlaveMetrics metrics, ILogger logger) : IStoreEvents
{
    public void StoreHangs(TimeSpan limit, int hanging)
    {
        metrics.StoreHangs.Add(1);
        LogHangs(limit, hanging);
    }

    public void StoreAnswersAgain() => LogAnswers();

    [LoggerMessage(LogLevel.Error, "The group store has not answered a call within {Limit}; {Hanging} calls are open. Groups are served as they are; no mastership and no in-sync set changes until it answers.")]
    private partial void LogHangs(TimeSpan limit, int hanging);

    [LoggerMessage(LogLevel.Information, "The group store answers again.")]
    private partial void LogAnswers();
}
