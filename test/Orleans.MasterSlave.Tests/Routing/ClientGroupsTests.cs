using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Routing;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Routing;

public sealed class ClientGroupsTests
{
    private readonly ClientGroups _groups = new(capacity: 16, maxOperationsPerGroup: 8);

    [Fact]
    public void Table_IsBounded_AndKeepsWhatIsInFlight()
    {
        var busy = _groups.Enter(Id(-1));
        Assert.True(busy.TryTakeId(out var id, out _, out _));
        busy.Leave();
        for (var i = 0; i < 1000; i++) _groups.Enter(Id(i)).Leave();
        Assert.InRange(_groups.Count, 1, 17);
        Assert.Same(busy, _groups.Enter(Id(-1)));
        busy.CompleteId(id);
    }

    [Fact]
    public void ForgottenGroup_ComesBackWithAnotherClientId_AndAsksTheMasterFirst()
    {
        var group = _groups.Enter(Id(-1));
        group.TryTakeId(out var before, out _, out _);
        group.CompleteId(before);
        group.Saw(new SessionToken(0, new Epoch(1), new LogIndex(5)));
        Assert.Equal(5, group.Token(out var unknown).Index.Value);
        Assert.False(unknown);
        group.Leave();
        for (var i = 0; i < 1000; i++) _groups.Enter(Id(i)).Leave();

        var again = _groups.Enter(Id(-1));
        Assert.NotSame(group, again);
        Assert.False(group.TryEnter());
        again.TryTakeId(out var after, out _, out _);
        Assert.NotEqual(before.Client, after.Client);
        Assert.Equal(SessionToken.None, again.Token(out unknown));
        Assert.True(unknown);
    }

    [Fact]
    public void Token_NeverGoesBack()
    {
        var group = _groups.Enter(Id(1));
        group.Saw(new SessionToken(0, new Epoch(2), new LogIndex(9)));
        group.Saw(new SessionToken(0, new Epoch(2), new LogIndex(7)));
        Assert.Equal(9, group.Token(out _).Index.Value);
        group.Saw(new SessionToken(1, new Epoch(3), new LogIndex(6)));
        Assert.Equal(6, group.Token(out _).Index.Value);
        group.DropToken();
        Assert.Equal(SessionToken.None, group.Token(out _));
    }

    /// <summary>
    /// A question is shared while it may still be answered soon; one that is older, asks for less, or goes by another way is not.
    /// </summary>
    [Theory]
    [InlineData(5, null, 399, true)]
    [InlineData(4, null, 399, true)]
    [InlineData(6, null, 399, false)]
    [InlineData(5, "key", 399, false)]
    [InlineData(5, null, 400, false)] // its gateway may be dead, and then nobody ever answers
    public void QuestionUnderWay_IsJoined_OnlyWhileItIsYoung(long refused, string? key, long later, bool joined)
    {
        var group = _groups.Enter(Id(-1));
        TaskCompletionSource<GroupView> first = new(), second = new();
        Assert.Same(first.Task, group.JoinResolve(5, null, now: 1_000, joinable: 400, () => first.Task));
        Assert.Same(joined ? first.Task : second.Task, group.JoinResolve(refused, key, now: 1_000 + later, joinable: 400, () => second.Task));
    }

    private static GrainId Id(int number) => GrainId.Create("g", $"{number}");
}
