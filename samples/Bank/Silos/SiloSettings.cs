using System.Globalization;

namespace Bank.Silos;

/// <summary>What one silo process is told on its command line.</summary>
/// <param name="Number">1, 2, 3…: its name on the screen.</param>
/// <param name="SiloPort">Port for other silos; it also tells which silo an address belongs to.</param>
/// <param name="GatewayPort">Port for clients.</param>
/// <param name="Cluster">The cluster's id: one of its own for each run.</param>
/// <param name="Store">SQLite file of cluster membership and group records, shared by all silos.</param>
/// <param name="Folder">The silo's own folder: replication log and text log.</param>
/// <param name="SwitchPort">Port of the switch that connections to other silos go through; 0: they are direct.</param>
internal sealed record SiloSettings(int Number, int SiloPort, int GatewayPort, string Cluster, string Store, string Folder, int SwitchPort)
{
    /// <summary>The hidden first argument that makes this program a silo.</summary>
    public const string Verb = "silo";

    public string Name => $"silo-{Number}";
    public string ReplicationLogDirectory => Path.Combine(Folder, "log");

    /// <summary>Appears when the silo is active.</summary>
    public string ReadyFile => Path.Combine(Folder, "ready");
    public string TextLog => Path.Combine(Folder, "silo.txt");

    public bool Uses(int port) => port == SiloPort || port == GatewayPort;

    public IEnumerable<string> ToArguments(int parentProcessId) =>
        [Verb, Text(parentProcessId), Text(Number), Text(SiloPort), Text(GatewayPort), Cluster, Store, Folder, Text(SwitchPort)];

    public static (SiloSettings Settings, int ParentProcessId) FromArguments(IReadOnlyList<string> arguments)
    {
        if (arguments.Count != 9) throw new ArgumentException("A silo process is started by the bank itself.");
        return (new SiloSettings(Value(2), Value(3), Value(4), arguments[5], arguments[6], arguments[7], Value(8)), Value(1));
        int Value(int at) => int.Parse(arguments[at], CultureInfo.InvariantCulture);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
