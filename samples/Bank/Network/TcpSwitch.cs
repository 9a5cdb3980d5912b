using System.Net;
using System.Net.Sockets;

namespace Bank.Network;

/// <summary>
/// The network of a run whose fault cuts or slows it: every connection, silo to silo and client to silo, goes through this one port of the
/// bank's own process, and arrives as its <see cref="Wires"/> let it. No privileges needed.
/// </summary>
internal sealed class TcpSwitch : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<int, int?> _partyOfPort;

    /// <param name="port">Where to listen, on loopback.</param>
    /// <param name="partyOfPort">The number of the silo that a port, for silos or for clients, belongs to.</param>
    public TcpSwitch(int port, Func<int, int?> partyOfPort)
    {
        Port = port;
        _partyOfPort = partyOfPort;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(512);
        _ = AcceptAsync();
    }

    public int Port { get; }
    public Wires Wires { get; } = new();

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var end = _end.Token;
        while (!end.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(end);
                _ = Task.Run(() => ServeAsync(socket, end), CancellationToken.None);
            }
            catch (Exception error) when (end.IsCancellationRequested && error is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket from, CancellationToken end)
    {
        using var to = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            using (from)
            {
                from.NoDelay = to.NoDelay = true;
                if (await ReadHelloAsync(from, end) is not { } hello || _partyOfPort(hello.Port) is not { } target) return;
                var (there, back) = (Wires.Between(hello.Party, target), Wires.Between(target, hello.Party));
                // As with a lost SYN, or its lost answer: whoever connects waits, and hears nothing.
                await there.WaitUntilWholeAsync(end);
                await back.WaitUntilWholeAsync(end);
                if (from.Poll(0, SelectMode.SelectRead)) return; // it gave up meanwhile: it says nothing more before it is answered
                await to.ConnectAsync(new IPEndPoint(IPAddress.Loopback, hello.Port), end);
                await from.SendAsync(new byte[] { SwitchHello.Connected }, end);
                using var link = CancellationTokenSource.CreateLinkedTokenSource(end);
                await Task.WhenAll(SwitchPump.RunAsync(from, to, there, back, link), SwitchPump.RunAsync(to, from, back, there, link));
            }
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // A connection that ends, or that is refused: its other end learns it by the closing of the sockets.
        }
    }

    private static async Task<SwitchHello?> ReadHelloAsync(Socket from, CancellationToken end)
    {
        var bytes = new byte[SwitchHello.Length];
        for (var read = 0; read < bytes.Length;)
        {
            var count = await from.ReceiveAsync(bytes.AsMemory(read), end);
            if (count == 0) return null;
            read += count;
        }
        return SwitchHello.Read(bytes);
    }
}
