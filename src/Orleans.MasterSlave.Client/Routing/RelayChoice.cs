namespace Orleans.MasterSlave.Routing;

/// <summary>A relay that has answered, as far as it matters for one target.</summary>
/// <param name="Silo">Where it runs.</param>
/// <param name="IsCut">A moment ago its silo could not reach the target.</param>
/// <param name="WasTried">This call has been sent to the target by it already.</param>
/// <param name="Answered">When it answered last.</param>
internal readonly record struct RelayFacts(SiloAddress Silo, bool IsCut, bool WasTried, long Answered);

/// <summary>Decides by which relay to go to a target. Pure: facts in, a decision out.</summary>
internal static class RelayChoice
{
    /// <summary>
    /// The relay on the target's own silo, for no link between silos can be at fault there; else, of those that can reach the target as far as is known, the one that answered last; null: one
    /// of which it is not known where it runs. What was tried by this call is not tried again before.
    /// </summary>
    public static SiloAddress? Of(ReadOnlySpan<RelayFacts> relays, SiloAddress? target)
    {
        RelayFacts? best = null;
        foreach (var relay in relays)
        {
            if (relay.WasTried) continue;
            if (relay.Silo.Equals(target)) return relay.Silo;
            if (!relay.IsCut && (best is null || relay.Answered > best.Value.Answered)) best = relay;
        }

        return best?.Silo;
    }
}
