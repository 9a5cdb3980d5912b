using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace Orleans.MasterSlave.Group;

/// <summary>Finds the grain storage that keeps group records: the one named <c>MasterSlave</c>, else the default one.</summary>
internal static class GroupStorage
{
    public const string Name = "MasterSlave";

    public static IGrainStorage Find(IServiceProvider services)
    {
        var storage = services.GetKeyedService<IGrainStorage>(Name) ?? services.GetKeyedService<IGrainStorage>("Default") ?? services.GetService<IGrainStorage>()
            ?? throw new MasterSlaveConfigurationException(
                $"Replicated grains need grain storage for their group records: one named \"{Name}\", or the default one. Add for example " +
                $"silo.AddSqliteGrainStorage(\"{Name}\", ...) or silo.AddAdoNetGrainStorage(\"{Name}\", ...).");
        if (storage.GetType().Name.Contains("MemoryGrainStorage", StringComparison.Ordinal))
            throw new MasterSlaveConfigurationException(
                "Group records cannot live in Orleans' memory storage: its rows are in grains, which run only after this silo has started, " +
                "and die with a silo. " +
                $"Use durable storage named \"{Name}\"; in tests, AddSqliteGrainStorage(\"{Name}\", ...) with a file in a temporary folder.");
        return storage;
    }
}
