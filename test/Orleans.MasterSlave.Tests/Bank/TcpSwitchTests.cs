using System.Net;
using System.Net.Sockets;
using Bank.Network;
using Bank.Silos;
using Xunit;

namespace Orleans.MasterSlave.Tests.Bank;

public sealed class TcpSwitchTests : IDisposable
{
    private const int Caller = 2, Target = 1;
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    private readonly FreePorts _ports = new();
    private readonly TcpListener _target = new(IPAddress.Loopback, 0);
    private readonly TcpSwitch _switch;
    private readonly List<TcpClient> _clients = [];

    public TcpSwitchTests()
    {
        _target.Start();
        _switch = new TcpSwitch(_ports.Take(), port => port == TargetPort ? Target : null);
    }

    private int TargetPort => ((IPEndPoint)_target.LocalEndpoint).Port;
    private static CancellationToken End => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bytes_PassBothWays()
    {
        var (near, far) = await ConnectAsync();
        await near.WriteAsync("there"u8.ToArray(), End);
        Assert.Equal("there"u8.ToArray(), await ReadAsync(far, 5));
        await far.WriteAsync("back"u8.ToArray(), End);
        Assert.Equal("back"u8.ToArray(), await ReadAsync(near, 4));
    }

    [Fact]
    public async Task ACut_IsSilent_AndLosesNothing()
    {
        var (near, far) = await ConnectAsync();
        _switch.Wires.Between(Caller, Target).Cut();
        await near.WriteAsync("held"u8.ToArray(), End);
        var held = ReadAsync(far, 4);
        await far.WriteAsync("other way"u8.ToArray(), End); // which is not cut
        Assert.Equal("other way"u8.ToArray(), await ReadAsync(near, 9));
        await Assert.ThrowsAsync<TimeoutException>(() => held.WaitAsync(Silence, End));

        _switch.Wires.MendAll();
        Assert.Equal("held"u8.ToArray(), await held);
    }

    [Fact]
    public async Task DuringACut_AnEndIsNotTold()
    {
        var (near, far) = await ConnectAsync();
        _switch.Wires.Between(Target, Caller).Cut();
        var read = ReadAsync(near, 1);
        far.Socket.LingerState = new LingerOption(true, 0);
        far.Dispose(); // as of a process that died
        await near.WriteAsync("nobody hears this"u8.ToArray(), End);
        await Assert.ThrowsAsync<TimeoutException>(() => read.WaitAsync(Silence, End));
        await near.WriteAsync("nor this"u8.ToArray(), End); // whose refusal is not told either
        await Assert.ThrowsAsync<TimeoutException>(() => read.WaitAsync(Silence, End));

        _switch.Wires.MendAll();
        await Assert.ThrowsAnyAsync<IOException>(() => read);
    }

    [Fact]
    public async Task DuringACut_NewConnectionsAreNotAnswered()
    {
        _switch.Wires.Between(Target, Caller).Cut(); // the answer to the SYN would be lost
        var near = await SayHelloAsync();
        var answer = ReadAsync(near, 1);
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(Silence, End));
        Assert.False(_target.Pending());

        _switch.Wires.MendAll();
        Assert.Equal(SwitchHello.Connected, (await answer)[0]);
    }

    [Fact]
    public async Task ATargetThatRefuses_ClosesTheConnection()
    {
        _target.Stop();
        var near = await SayHelloAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => ReadAsync(near, 1));
    }

    [Fact]
    public async Task ADelay_HoldsBackAndKeepsTheOrder()
    {
        var (near, far) = await ConnectAsync();
        var delay = TimeSpan.FromMilliseconds(200);
        _switch.Wires.Between(Caller, Target).Delay = delay;
        var sent = TimeProvider.System.GetTimestamp();
        await near.WriteAsync("1"u8.ToArray(), End);
        await near.WriteAsync("2"u8.ToArray(), End);
        Assert.Equal("12"u8.ToArray(), await ReadAsync(far, 2));
        Assert.True(TimeProvider.System.GetElapsedTime(sent) >= delay * 0.9);
    }

    public void Dispose()
    {
        _clients.ForEach(client => client.Dispose());
        _switch.Dispose();
        _target.Dispose();
        _ports.Dispose();
    }

    private async Task<(NetworkStream Near, NetworkStream Far)> ConnectAsync()
    {
        var near = await SayHelloAsync();
        var far = await _target.AcceptTcpClientAsync(End);
        _clients.Add(far);
        Assert.Equal(SwitchHello.Connected, (await ReadAsync(near, 1))[0]);
        return (near, far.GetStream());
    }

    private async Task<NetworkStream> SayHelloAsync()
    {
        var client = new TcpClient();
        _clients.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, _switch.Port, End);
        var hello = new byte[SwitchHello.Length];
        new SwitchHello(Caller, TargetPort).Write(hello);
        await client.GetStream().WriteAsync(hello, End);
        return client.GetStream();
    }

    private static async Task<byte[]> ReadAsync(NetworkStream stream, int count)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, End);
        return bytes;
    }
}
