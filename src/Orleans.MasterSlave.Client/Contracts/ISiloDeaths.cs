namespace Orleans.MasterSlave.Contracts;

/// <summary>What a silo's own membership knows of other silos. Clients have none: they learn from views and relays.</summary>
internal interface ISiloDeaths
{
    /// <summary>Declared dead: nobody will ever answer at this address.</summary>
    bool IsDead(SiloAddress silo);
}
