using Microsoft.Extensions.Options;
using Orleans.MasterSlave;

namespace Orleans.Hosting;

internal sealed class MasterSlaveClientOptionsValidator(IOptions<MasterSlaveClientOptions> options) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        var value = options.Value;
        Demand(nameof(value.AttemptTimeout), value.AttemptTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(30));
        Demand(nameof(value.CallTimeout), value.CallTimeout, value.AttemptTimeout, TimeSpan.FromMinutes(10));
        Demand(nameof(value.MaxRetryBackoff), value.MaxRetryBackoff, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30));
        Demand(nameof(value.RetryBackoff), value.RetryBackoff, TimeSpan.FromMilliseconds(1), value.MaxRetryBackoff);
        Demand(nameof(value.MaxTrackedGrains), value.MaxTrackedGrains, 16, 10_000_000);
        Demand(nameof(value.MaxOperationsPerGrain), value.MaxOperationsPerGrain, 1, 1_000_000);
    }

    private static void Demand<T>(string name, T value, T from, T to) where T : IComparable<T>
    {
        if (value.CompareTo(from) >= 0 && value.CompareTo(to) <= 0) return;
        throw new MasterSlaveConfigurationException($"{nameof(MasterSlaveClientOptions)}.{name} is {value}; it must be from {from} to {to}.");
    }
}
