using Microsoft.Extensions.Logging;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

internal sealed partial class CallRerouter
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind} on {Group} was given up; {Open} attempts were still open.")]
    private partial void LogGaveUp(GroupId group, CallKind kind, int open, Exception? failure);
}
