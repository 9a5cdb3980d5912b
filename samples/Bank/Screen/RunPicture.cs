namespace Bank.Screen;

/// <summary>A row of the screen: one silo.</summary>
/// <param name="Name">The silo.</param>
/// <param name="State">Running, stopped, killed.</param>
/// <param name="Masters">Groups that it masters.</param>
/// <param name="Replicas">Replicas that it hosts.</param>
/// <param name="InSync">How many of those are in sync.</param>
/// <param name="Behind">How far the furthest behind of its replicas is, in operations; null when not known.</param>
internal sealed record SiloRow(string Name, string State, int Masters, int Replicas, int InSync, long? Behind);

/// <summary>All that the screen shows, but the events.</summary>
internal sealed record RunPicture
{
    public required string Phase { get; init; }
    public required TimeSpan Elapsed { get; init; }
    public required int Done { get; init; }
    public required int Total { get; init; }
    public required double OperationsPerSecond { get; init; }
    public required double MedianMs { get; init; }
    public required double MaxMs { get; init; }
    public required long Failed { get; init; }
    public required int GroupsInSync { get; init; }
    public required int Groups { get; init; }
    public required IReadOnlyList<SiloRow> Silos { get; init; }

    /// <summary>Lag of the furthest behind replica, in operations.</summary>
    public long? Behind => Silos.Max(silo => silo.Behind);
}
