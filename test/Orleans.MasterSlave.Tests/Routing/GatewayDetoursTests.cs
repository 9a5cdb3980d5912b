using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.MasterSlave.Routing;
using Xunit;

namespace Orleans.MasterSlave.Tests.Routing;

public sealed class GatewayDetoursTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly GroupPath _path = new(), _other = new();

    private GatewayDetours Detours(bool possible = true) => 
        new(possible, TimeSpan.FromMilliseconds(400), _time, new Random(1), NullLogger<GatewayDetours>.Instance);

    [Fact]
    public void WithoutNeed_CallsGoDirectly()
    {
        Assert.Equal(Way.Direct, Detours().WayTo(_path));
        Assert.Equal(Way.Direct, Detours(possible: false).WayTo(_path));
    }

    [Fact]
    public void ProvedDetour_IsUsedFirst_ByEveryGroup()
    {
        var detours = Detours();
        detours.Proved("key", _path);
        Assert.Equal("key", detours.Key);
        Assert.Equal(Way.Detour, detours.WayTo(_path));
        Assert.Equal(Way.Detour, detours.WayTo(_other));
    }

    [Fact]
    public void AnswerByARelay_ProvesNothing_WhenTheDirectOneComesSoonAfter()
    {
        var detours = Detours();
        var slow = new TaskCompletionSource();
        detours.Answered(_path, "key", slow.Task);
        slow.SetResult();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Way.Direct, detours.WayTo(_path));
    }

    [Fact]
    public void DirectWay_IsProbedNowAndThen_AndTakenAgainWhenItAnswers()
    {
        var detours = Detours();
        detours.Proved("key", _path);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(Way.Both, detours.WayTo(_path));
        Assert.Equal(Way.Detour, detours.WayTo(_path));
        detours.DirectAnswered(_path);
        Assert.Equal(Way.Direct, detours.WayTo(_path));
        Assert.Equal(Way.Detour, detours.WayTo(_other));
    }

    [Fact]
    public void OtherGroups_ForgetAfterAWhile_TheGroupConcernedDoesNot()
    {
        var detours = Detours();
        detours.Proved("key", _path);
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(Way.Direct, detours.WayTo(_other));
        Assert.Equal(Way.Both, detours.WayTo(_path));
    }

    [Fact]
    public void FailedKey_IsReplaced_OnlyByTheOneWhoUsedIt()
    {
        var detours = Detours();
        var first = detours.Key;
        detours.Failed(first);
        var second = detours.Key;
        Assert.NotEqual(first, second);
        detours.Failed(first);
        Assert.Equal(second, detours.Key);
    }
}
