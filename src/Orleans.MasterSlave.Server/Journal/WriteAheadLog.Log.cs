using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

internal sealed partial class WriteAheadLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Log {Directory} opened: {Groups} groups in {Segments} segments, read in {Elapsed}")]
    private partial void LogOpened(string directory, int groups, long segments, TimeSpan elapsed);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The log failed for good; this silo can no longer acknowledge anything")]
    private partial void LogFailed(Exception reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The log refuses new operations: {Reason}")]
    private partial void LogFull(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "There is room for the log again")]
    private partial void LogRoomAgain();

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} operations of {Group} after {CutAfter} are not in its master's log; saved to {Path}")]
    private partial void LogOrphans(int count, GroupId group, LogPosition cutAfter, string path);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Something of group {Group} cannot be read back; the group is quarantined")]
    private partial void LogDamageRead(string group, Exception damage);

    [LoggerMessage(Level = LogLevel.Error, Message = "A handler of wanted snapshots failed")]
    private partial void LogHandlerFailed(Exception reason);
}
