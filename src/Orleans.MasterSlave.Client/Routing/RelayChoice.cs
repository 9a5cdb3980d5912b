namespace Orleans.MasterSlave.Routing;

/// <summary>A relay that has answered, as far as it matters for one target.</summary>
/// <param name="Silo">Where it runs.</param>
/// <param name="IsCut">A moment ago its silo could not reach the target.</param>
/// <param name="Tries">How often this call was sent to the target by it, since it last came through.</param>
/// <param name="Answered">When it answered last.</param>
internal readonly record struct RelayFacts(SiloAddress Silo, bool IsCut, int Tries, long Answered);

/// <summary>Decides by which relay to go to a target. Pure: facts in, a decision out.</summary>
internal static class RelayChoice
{
    /// <summary>
    /// The relay on the target's own silo, for no link between silos can be at fault there; else, of those that can reach the target as
    /// far as is known, the one that answered last; what was tried in vain
    /// comes after what was not. Null: a key of which it is not known where it leads, when there is none that may reach it: it may be
    /// behind the same silent gateway as the last one.
    /// </summary>
    public static SiloAddress? Of(ReadOnlySpan<RelayFacts> relays, SiloAddress? target)
    {
        RelayFacts? best = null;
        foreach (var relay in relays)
        {
            var own = relay.Silo.Equals(target);
            if (!own && relay.IsCut) continue;
            if (best is not { } other || relay.Tries < other.Tries || (relay.Tries == other.Tries && (own || (!other.Silo.Equals(target) && relay.Answered > other.Answered)))) best = relay;
        }

        return best?.Silo;
    }
}
