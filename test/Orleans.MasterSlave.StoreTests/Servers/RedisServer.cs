using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Orleans.MasterSlave.StoreTests.Servers;

/// <summary>A Redis of this test process that syncs every write, as group records demand.</summary>
internal static class RedisServer
{
    private static readonly Lazy<Task<string>> _connectionString = new(StartAsync);

    public static Task<string> ConnectAsync() => _connectionString.Value;

    private static async Task<string> StartAsync()
    {
        var port = FreePort().ToString(CultureInfo.InvariantCulture);
        string[] arguments = ["--bind", "127.0.0.1", "--port", port, "--appendonly", "yes", "--appendfsync", "always", "--save", ""];
        await ServerProcess.StartAsync(
            "redis-server", "install it (apt-get install redis-server)", arguments, line => line.Contains("Ready to accept connections", StringComparison.Ordinal));
        return $"127.0.0.1:{port}";
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
