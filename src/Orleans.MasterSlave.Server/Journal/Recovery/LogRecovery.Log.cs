using Microsoft.Extensions.Logging;

namespace Orleans.MasterSlave.Journal;

internal sealed partial class LogRecovery
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Reading the log: segment {Segment}, {Bytes} bytes, {Records} records, {Elapsed}")]
    private partial void LogProgress(long segment, long bytes, long records, TimeSpan elapsed);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The last batch of {File} was never confirmed and is torn: cut at offset {Offset}; groups touched: {Groups} (-1: all may be)")]
    private partial void LogTornTail(string file, long offset, int groups);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{File} is damaged at offset {Offset}; group {Group} is quarantined: {What}")]
    private partial void LogDamage(string file, long offset, string group, string what);
}
