using Microsoft.Extensions.Logging;

namespace Orleans.MasterSlave.Routing;

internal sealed partial class GatewayDetours
{
    [LoggerMessage(Level = LogLevel.Information, Message = "A gateway is silent: calls go round it by the relay {Key}.")]
    private partial void LogDetour(string key);
}
