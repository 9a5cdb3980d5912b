using System.Net;
using System.Net.Sockets;

namespace Orleans.MasterSlave.Benchmarks.Cluster;

internal static class FreePorts
{
    // Below what systems give to outgoing connections, which could take a port between now and its use.
    private const int First = 12_000;
    private const int Last = 32_000;
    private const int MaxTries = 1_000;

    /// <returns>Different ports that nobody listened on just now.</returns>
    public static int[] Find(int count)
    {
        var ports = new HashSet<int>();
        for (var tries = 0; ports.Count < count; tries++)
        {
            if (tries == MaxTries) throw new IOException($"No free ports from {First} to {Last}.");
            var port = Random.Shared.Next(First, Last);
            if (IsFree(port)) ports.Add(port);
        }

        return [.. ports];
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
