using Xunit;

namespace Orleans.MasterSlave.Tests.Abstractions;

public sealed class DeterministicRandomTests
{
    [Fact]
    public void NumbersOfASeed_AreTheSameForEver()
    {
        var random = new DeterministicRandom(42);

        // Frozen: a log written by an earlier version must replay to the same state.
        Assert.Equal(1592498450, random.Next());
        Assert.Equal(15, random.Next(0, 100));
        Assert.Equal(0.27860113025513866, random.NextDouble());
        Assert.Equal(Guid.Parse("94e34a0e-ffe1-4c58-b223-48245a58bc09"), random.NextGuid());
    }

    [Fact]
    public void OperationContexts_OfOneEntry_Agree()
    {
        var left = new OperationContext(DateTime.UnixEpoch, 3, 17);
        var right = new OperationContext(DateTime.UnixEpoch, 3, 17);
        var other = new OperationContext(DateTime.UnixEpoch, 3, 18);

        var id = left.Random.NextGuid();
        Assert.Equal(id, right.Random.NextGuid());
        Assert.NotEqual(id, other.Random.NextGuid());
        Assert.Equal(4, id.Version);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-5, 5)]
    [InlineData(int.MinValue, int.MaxValue)]
    public void Next_StaysInItsRange(int from, int to)
    {
        var random = new DeterministicRandom(7);
        for (var i = 0; i < 1000; i++) Assert.InRange(random.Next(from, to), from, to - 1);
    }
}
