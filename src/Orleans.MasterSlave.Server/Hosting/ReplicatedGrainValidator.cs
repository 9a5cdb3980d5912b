using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.MasterSlave;
using Orleans.Serialization.Serializers;

namespace Orleans.Hosting;

/// <summary>Refuses to start a silo whose replicated grains could not be replicated, or not be read back from a log after a rename.</summary>
internal sealed partial class ReplicatedGrainValidator(
    IOptions<GrainTypeOptions> types, CodecProvider codecs, IServiceProvider services, ILogger<ReplicatedGrainValidator> logger) : IConfigurationValidator
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
                    : [.. ReplicatedGrainRules.FaultsOf(type, IsSerializable, IsRegistered), .. FaultsOfSerializedTypes(type)]);
            }
            else if (type.IsDefined(typeof(ReplicatedAttribute), inherit: true)) faults.Add($"{type.FullName} carries [Replicated] and does not derive from ReplicatedGrain<TState>.");
        }

        if (faults.Count > 0)
            throw new MasterSlaveConfigurationException($"Replicated grains are not as they must be:{Environment.NewLine}{string.Join(Environment.NewLine, faults)}");
    }

    /// <summary>True also where the container cannot tell.</summary>
    private bool IsRegistered(ParameterInfo parameter)
    {
        if (services.GetService<IServiceProviderIsService>() is not { } known) return true;
        return parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is { } keyed
            ? known is not IServiceProviderIsKeyedService byKey || byKey.IsKeyedService(parameter.ParameterType, keyed.Key)
            : parameter.GetCustomAttribute<ServiceKeyAttribute>() is not null || known.IsService(parameter.ParameterType);
    }

    private IReadOnlyList<string> FaultsOfSerializedTypes(Type grain)
    {
        var serialized = new SerializedTypes(type => codecs.TryGetCodec(type) is not null);
        if (ReplicatedGrainRules.StateOf(grain) is { IsGenericParameter: false } state && IsSerializable(state)) serialized.FollowState(grain, state);
        foreach (var method in grain.GetInterfaces().Where(ReplicatedGrainRules.IsTheAuthors).SelectMany(contract => contract.GetMethods(BindingFlags.Instance | BindingFlags.Public)))
        {
            if (MethodRules.Refuse(method) is null) serialized.FollowMethod(grain, method);
        }

        foreach (var warning in serialized.Warnings) LogOrder(warning);
        return serialized.Faults;
    }

    /// <summary>One with parts that are not is told by its parts.</summary>
    private bool IsSerializable(Type state)
    {
        try
        {
            return codecs.TryGetCodec(state) is not null;
        }
        catch (Exception)
        {
            return true;
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Warning} Operations that depend on it make replicas differ, and digests of their states differ though nothing is wrong: set MasterSlaveOptions.DigestEveryOperations = 0 if it is to stay.")]
    private partial void LogOrder(string warning);
}
