using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.MasterSlave;
using Orleans.Serialization.Serializers;

namespace Orleans.Hosting;

/// <summary>Refuses to start a silo whose replicated grains could not be replicated, or not be read back from a log after a rename.</summary>
internal sealed class ReplicatedGrainValidator(IOptions<GrainTypeOptions> types, CodecProvider codecs, IServiceProvider services) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        List<string> faults = [];
        foreach (var type in types.Value.Classes.OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            if (typeof(IReplicatedGrain).IsAssignableFrom(type))
            {
                faults.AddRange(UnsupportedFeatures.OfBaseClass(type, types.Value.Classes) is { } fault
                    ? [fault]
                    : ReplicatedGrainRules.FaultsOf(type, HasCodec, IsRegistered));
            }
            else if (type.IsDefined(typeof(ReplicatedAttribute), inherit: true)) faults.Add($"{type.FullName} carries [Replicated] and does not derive from ReplicatedGrain<TState>.");
        }

        if (faults.Count > 0)
            throw new MasterSlaveConfigurationException($"Replicated grains are not as they must be:{Environment.NewLine}{string.Join(Environment.NewLine, faults)}");
    }

    private bool HasCodec(Type type) => codecs.TryGetCodec(type) is not null;

    /// <summary>True also where the container cannot tell.</summary>
    private bool IsRegistered(ParameterInfo parameter)
    {
        if (services.GetService<IServiceProviderIsService>() is not { } known) return true;
        return parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is { } keyed
            ? known is not IServiceProviderIsKeyedService byKey || byKey.IsKeyedService(parameter.ParameterType, keyed.Key)
            : parameter.GetCustomAttribute<ServiceKeyAttribute>() is not null || known.IsService(parameter.ParameterType);
    }
}
