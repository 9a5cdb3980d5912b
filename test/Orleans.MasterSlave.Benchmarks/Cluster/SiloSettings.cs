using System.Globalization;

namespace Orleans.MasterSlave.Benchmarks.Cluster;

/// <summary>What one silo process is told on its command line. PostgreSQL's connection string comes in the environment.</summary>
/// <param name="Name">The silo's name, and that of its text log.</param>
/// <param name="SiloPort">Port for the other silo.</param>
/// <param name="GatewayPort">Port for clients.</param>
/// <param name="Cluster">The cluster's id.</param>
/// <param name="Folder">Folder of the cluster: the SQLite file, a folder for each silo's log.</param>
/// <param name="PlugIn">With replicated grains, or Orleans alone.</param>
internal sealed record SiloSettings(string Name, int SiloPort, int GatewayPort, string Cluster, string Folder, bool PlugIn)
{
    /// <summary>The hidden first argument that makes this program a silo.</summary>
    public const string Verb = "silo";

    public const string PostgresVariable = "MASTERSLAVE_POSTGRES";

    public string Store => Path.Combine(Folder, "cluster.db");
    public string LogDirectory => Path.Combine(Folder, Name);
    /// <summary>Where the silo leaves the largest gap between heartbeats that it met, in milliseconds, when it stops.</summary>
    public string HeartbeatGapFile => Path.Combine(Folder, $"{Name}-gap.txt");
    public string TextLog => Path.Combine(Folder, $"{Name}.txt");

    public IEnumerable<string> ToArguments() => [Verb, Name, Text(SiloPort), Text(GatewayPort), Cluster, Folder, PlugIn.ToString()];

    public static SiloSettings FromArguments(IReadOnlyList<string> arguments)
    {
        if (arguments.Count != 7) throw new ArgumentException("A silo process is started by the benchmark itself.");
        return new SiloSettings(arguments[1], Port(2), Port(3), arguments[4], arguments[5], bool.Parse(arguments[6]));
        int Port(int at) => int.Parse(arguments[at], CultureInfo.InvariantCulture);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
