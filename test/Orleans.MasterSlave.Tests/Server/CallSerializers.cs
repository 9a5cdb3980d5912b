using Microsoft.Extensions.DependencyInjection;
using Orleans.MasterSlave.Contracts;
using Orleans.Serialization;

namespace Orleans.MasterSlave.Tests.Server;

internal static class CallSerializers
{
    public static CallSerializer New() => ActivatorUtilities.CreateInstance<CallSerializer>(new ServiceCollection().AddSerializer().BuildServiceProvider());
}
