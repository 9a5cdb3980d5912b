using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;
using Orleans.MasterSlave.Replication;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Replica;

public sealed class StateComparisonTests
{
    private readonly StateComparison _comparison = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Difference_IsFound_WhicheverComesFirst(bool ownFirst)
    {
        var (own, masters) = (Digest(1, 5, 7), Digest(1, 5, 8));
        if (ownFirst)
        {
            Assert.Null(_comparison.Own(own));
            Assert.Equal(At(1, 5), _comparison.Masters(masters)?.At);
        }
        else
        {
            Assert.Null(_comparison.Masters(masters));
            Assert.Equal(At(1, 5), _comparison.Own(own)?.At);
        }
    }

    [Fact]
    public void Equal_IsRemembered_AndOthers_AreNotCompared()
    {
        _comparison.Own(Digest(1, 5, 7));
        Assert.Null(_comparison.Masters(Digest(1, 5, 7)));
        Assert.Equal(At(1, 5), _comparison.LastEqual);
        _comparison.Own(Digest(1, 9, 7));
        Assert.Null(_comparison.Masters(Digest(2, 9, 8))); // another entry
        _comparison.Own(Digest(2, 12, 7));
        Assert.Null(_comparison.Masters(Digest(2, 12, 8, "newer"))); // other code may write the same state otherwise
        Assert.Null(_comparison.Masters(Digest(2, 13, 8)));
    }

    [Theory]
    [InlineData(8, 7, true)]
    [InlineData(7, 8, false)]
    [InlineData(8, 8, false)]
    public void OrderAlone_IsToldFromValues(ulong ordered, ulong unordered, bool ofOrderOnly)
    {
        _comparison.Own(Digest(1, 3, 1));
        _comparison.Masters(Digest(1, 3, 1));
        _comparison.Own(Digest(1, 5, 7));
        var masters = Digest(1, 5, 7) with { Hashes = new StateHashes(ordered, unordered) };
        Assert.Equal(new StateDifference(At(1, 5), At(1, 3), ofOrderOnly), _comparison.Masters(masters));
        Assert.Equal(ofOrderOnly ? At(1, 5) : At(1, 3), _comparison.LastEqual);
    }

    [Fact]
    public void AMasterThatIsFarAhead_IsComparedLater_AndMemoryIsBounded()
    {
        for (var i = 1; i <= 40; i++) Assert.Null(_comparison.Masters(Digest(1, i, (ulong)i)));
        Assert.Null(_comparison.Own(Digest(1, 3, 99))); // forgotten
        Assert.Equal(At(1, 35), _comparison.Own(Digest(1, 35, 99))?.At);
    }

    [Fact]
    public void Marks_ComeEverySoManyOperations_AndTakeAHundredthOfTheTime()
    {
        var now = TimeSpan.Zero;
        var marks = new DigestMarks(new DigestTrigger(10), () => now);
        Assert.Equal([10, 20, 30], Marked(30));
        marks.Took(TimeSpan.FromSeconds(1));
        Assert.Empty(Marked(50));
        now = TimeSpan.FromSeconds(99);
        Assert.Equal([1, 11], Marked(15)); // as soon as it may be
        Assert.Equal(EntryFlags.None, new DigestMarks(new DigestTrigger(0), () => now).Next());

        List<int> Marked(int operations) => [.. Enumerable.Range(1, operations).Where(_ => marks.Next() == EntryFlags.DigestHere)];
    }

    private static StateDigest Digest(long epoch, long index, ulong hash, string code = "code") => new(At(epoch, index), new StateHashes(hash, hash), code);
}
