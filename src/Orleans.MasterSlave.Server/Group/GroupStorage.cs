using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Storage;

namespace Orleans.MasterSlave.Group;

/// <summary>Finds the grain storage that keeps group records: the one named <c>MasterSlave</c>, else the default one.</summary>
internal static class GroupStorage
{
    public const string Name = "MasterSlave";

    public static IGrainStorage Find(IServiceProvider services, MasterSlaveOptions options)
    {
        var storage = services.GetKeyedService<IGrainStorage>(Name) ?? services.GetKeyedService<IGrainStorage>("Default") ?? services.GetService<IGrainStorage>()
            ?? throw new MasterSlaveConfigurationException(
                $"Replicated grains need grain storage for their group records: one named \"{Name}\", or the default one. Add for example " +
                $"silo.AddSqliteGrainStorage(\"{Name}\", ...) or silo.AddAdoNetGrainStorage(\"{Name}\", ...).");
        if (storage.GetType().Name.Contains("MemoryGrainStorage", StringComparison.Ordinal) && !options.AllowVolatileGroupStorage)
            throw new MasterSlaveConfigurationException(
                $"Group records must not live in memory ({storage.GetType().Name}): they would die with a silo. Use durable storage named \"{Name}\"; " +
                $"in tests, set {nameof(MasterSlaveOptions)}.{nameof(MasterSlaveOptions.AllowVolatileGroupStorage)}.");
        return storage;
    }
}
