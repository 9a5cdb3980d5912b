namespace Orleans.MasterSlave.Simulated.Network;

/// <summary>How messages fare.</summary>
internal sealed class NetworkWeather
{
    public double Loss { get; set; }
    public double Duplication { get; set; }

    /// <summary>How often a message may be overtaken by later ones.</summary>
    public double Reordering { get; set; }

    /// <summary>How often a message takes a long time.</summary>
    public double Lateness { get; set; }
    public double LatestMilliseconds { get; set; } = 800;
    public double LeastMilliseconds { get; init; } = 0.1;
    public double MostMilliseconds { get; init; } = 2;

    public void Calm() => Loss = Duplication = Reordering = Lateness = 0;
}
