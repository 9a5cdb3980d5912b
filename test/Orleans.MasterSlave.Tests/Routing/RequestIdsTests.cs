using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Routing;
using Xunit;

namespace Orleans.MasterSlave.Tests.Routing;

public sealed class RequestIdsTests
{
    [Fact]
    public void Sequences_CountFromOne_UnderOneClientId()
    {
        var ids = new RequestIds(100);
        Assert.True(ids.TryTake(out var first));
        Assert.True(ids.TryTake(out var second));
        Assert.Equal((1, 2), (first.Sequence, second.Sequence));
        Assert.Equal(first.Client, second.Client);
        Assert.True(new RequestIds(100).TryTake(out var other));
        Assert.NotEqual(first.Client, other.Client);
    }

    [Fact]
    public void AnsweredThrough_WaitsForTheOldest()
    {
        var ids = new RequestIds(100);
        var taken = Enumerable.Range(0, 20).Select(_ => ids.TryTake(out var id) ? id : default).ToList();
        foreach (var id in taken.Skip(1)) ids.Complete(id);
        Assert.Equal(0, ids.AnsweredThrough);
        Assert.True(ids.AnyInFlight);
        ids.Complete(taken[0]);
        Assert.Equal(20, ids.AnsweredThrough);
        Assert.False(ids.AnyInFlight);
    }

    [Fact]
    public void Limit_CountsFromTheOldestUnanswered()
    {
        var ids = new RequestIds(3);
        Assert.True(ids.TryTake(out var first));
        Assert.True(ids.TryTake(out var second));
        Assert.True(ids.TryTake(out _));
        ids.Complete(second);
        Assert.False(ids.TryTake(out _));
        ids.Complete(first);
        Assert.True(ids.TryTake(out _));
    }

    [Fact]
    public void AnyOrderOfAnswers_GivesTheLongestAnsweredPrefix()
    {
        for (var seed = 1; seed <= 50; seed++)
        {
            var random = new Random(seed);
            var ids = new RequestIds(64);
            List<RequestId> open = [];
            var last = 0L;
            for (var i = 0; i < 500; i++)
            {
                if (random.Next(2) == 0 && ids.TryTake(out var taken))
                {
                    Assert.Equal(++last, taken.Sequence);
                    open.Add(taken);
                }
                else if (open.Count > 0)
                {
                    var at = random.Next(open.Count);
                    ids.Complete(open[at]);
                    open.RemoveAt(at);
                }

                Assert.Equal(open.Count == 0 ? last : open.Min(id => id.Sequence) - 1, ids.AnsweredThrough);
            }
        }
    }
}
