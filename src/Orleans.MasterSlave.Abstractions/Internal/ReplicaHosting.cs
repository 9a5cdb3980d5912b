namespace Orleans.MasterSlave;

/// <summary>In the services of a silo that can host replicated grains: <c>AddMasterSlave()</c> puts it there.</summary>
internal sealed class ReplicaHosting
{
    /// <summary>
    /// A silo hosts every grain class that it finds, and calls would come to it. Orleans asks for a class's properties when the silo
    /// starts: that is the moment to refuse.
    /// </summary>
    public static void Demand(IServiceProvider services, Type grain)
    {
        if (services.GetService(typeof(ReplicaHosting)) is null)
            throw new MasterSlaveConfigurationException(
                $"{grain.FullName} is a replicated grain, and this silo lacks silo.AddMasterSlave(...). " +
                "Add it; or, if other silos host this grain, remove the class here: " +
                $"silo.Configure<GrainTypeOptions>(options => options.Classes.Remove(typeof({grain.Name}))).");
    }
}
