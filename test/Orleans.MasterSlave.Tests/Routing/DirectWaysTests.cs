using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Routing;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Routing;

public sealed class DirectWaysTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(400);
    private static readonly SiloAddress A = Silo(1), B = Silo(2);
    private readonly FakeTimeProvider _time = new();
    private readonly GroupPath _path = new(), _other = new();
    private readonly DirectWays _ways;

    public DirectWaysTests() => _ways = Ways();

    private DirectWays Ways(bool relaysPossible = true) => new(relaysPossible, Patience, _time, NullLogger<DirectWays>.Instance);

    [Fact]
    public void WithoutNeed_CallsGoDirectly()
    {
        Assert.Equal(Way.Direct, _ways.WayTo(_path, A));
        Assert.Equal(Way.Direct, Ways(relaysPossible: false).WayTo(_path, A));
    }

    /// <summary>
    /// Of one replica it is known. The others are pinged, and go by relays until a ping is answered, so that not each of them finds out
    /// by a timeout.
    /// </summary>
    [Fact]
    public async Task SilentWay_IsAvoided_AndOthersArePingedAtOnce()
    {
        await SilentAsync();
        Assert.Equal(Way.Relay, _ways.WayTo(_path, A));
        foreach (var (path, silo) in new[] { (_path, B), (_other, A), (_other, B) })
        {
            Assert.Equal(Way.RelayAndPing, _ways.WayTo(path, silo));
            Assert.Equal(Way.Relay, _ways.WayTo(path, silo));
            _ways.Answered(path, silo);
            Assert.Equal(Way.Direct, _ways.WayTo(path, silo));
        }

        Assert.Equal(Way.Relay, _ways.WayTo(_path, A));
    }

    [Fact]
    public async Task SilentWay_IsPingedNowAndThen_AndTakenAgainWhenItAnswers()
    {
        await SilentAsync();
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(Way.RelayAndPing, _ways.WayTo(_path, A));
        Assert.Equal(Way.Relay, _ways.WayTo(_path, A));
        _ways.Answered(_path, A);
        Assert.Equal(Way.Direct, _ways.WayTo(_path, A));
    }

    [Fact]
    public async Task DirectAnswerThatIsMerelyLate_MakesNoWaySilent()
    {
        var slow = new TaskCompletionSource();
        var confirmed = _ways.ConfirmSilentAsync(slow.Task, _path, A);
        slow.SetResult();
        await confirmed;
        Assert.Equal(Way.Direct, _ways.WayTo(_path, A));
    }

    [Fact]
    public async Task OtherReplicas_ForgetAfterAWhile_TheOneConcernedDoesNot()
    {
        await SilentAsync();
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(Way.Direct, _ways.WayTo(_other, A));
        Assert.Equal(Way.RelayAndPing, _ways.WayTo(_path, A));
    }

    [Fact]
    public async Task GatewaysThatComeOrGo_MakeWaysThatWorkedUncertain()
    {
        await SilentAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        _ways.Answered(_other, A);
        Assert.Equal(Way.Direct, _ways.WayTo(_other, A));
        _time.Advance(TimeSpan.FromSeconds(1));
        _ways.Forget();
        Assert.NotEqual(Way.Direct, _ways.WayTo(_other, A));
    }

    private async Task SilentAsync()
    {
        var confirmed = _ways.ConfirmSilentAsync(new TaskCompletionSource().Task, _path, A);
        _time.Advance(Patience);
        await confirmed;
        _time.Advance(TimeSpan.FromMilliseconds(1));
    }

    private static SiloAddress Silo(int port) => SiloAddress.New(System.Net.IPAddress.Loopback, port, 1);
}
