using System.Net;
using System.Net.Sockets;

namespace Bank.Silos;

/// <summary>
/// Ports that nobody listens on, claimed for the time of a run. The claim is the UDP port of the same number: the silo's TCP port stays free
/// while its silo is down, and another run of this program still keeps away from it.
/// </summary>
internal sealed class FreePorts : IDisposable
{
    // Below what Linux and macOS give to outgoing connections, which could take a dead silo's port before it is started again.
    private const int First = 12_000;
    private const int Last = 32_000;
    private const int MaxTries = 2_000;

    private readonly List<Socket> _claims = [];

    /// <exception cref="IOException">No free port was found.</exception>
    public int Take()
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var port = Random.Shared.Next(First, Last);
            if (!TryBind(port, SocketType.Dgram, ProtocolType.Udp, out var claim)) continue;
            if (TryBind(port, SocketType.Stream, ProtocolType.Tcp, out var probe))
            {
                probe.Dispose();
                _claims.Add(claim);
                return port;
            }
            claim.Dispose();
        }
        throw new IOException($"No free port was found from {First} to {Last}.");
    }

    public void Dispose() => _claims.ForEach(claim => claim.Dispose());

    private static bool TryBind(int port, SocketType type, ProtocolType protocol, out Socket socket)
    {
        socket = new Socket(AddressFamily.InterNetwork, type, protocol);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return false;
        }
    }
}
