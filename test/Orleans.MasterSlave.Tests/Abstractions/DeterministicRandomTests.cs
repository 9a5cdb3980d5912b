using System.Security.Cryptography;
using Xunit;

namespace Orleans.MasterSlave.Tests.Abstractions;

public sealed class DeterministicRandomTests
{
    [Fact]
    public void NumbersOfASeed_AreTheSameForEver()
    {
        var random = Of(42);

        // Frozen: a log written by an earlier version must replay to the same state.
        Assert.Equal(1695604608, random.Next());
        Assert.Equal(89, random.Next(0, 100));
        Assert.Equal(0.39887930128675586, random.NextDouble());
        Assert.Equal(Guid.Parse("bcc42c63-7247-4e9a-aa9d-cccfcf436df6"), random.NextGuid());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-5, 5)]
    [InlineData(int.MinValue, int.MaxValue)]
    public void Next_StaysInItsRange(int from, int to)
    {
        var random = Of(7);
        for (var i = 0; i < 1000; i++) Assert.InRange(random.Next(from, to), from, to - 1);
    }

    [Fact]
    public void Next_OfAnEmptyRange_IsItsBegin() => Assert.Equal((0, 5, 0L), (Of(1).Next(0), Of(1).Next(5, 5), Of(1).NextInt64(0)));

    /// <summary>Over three quarters of 2⁶⁴, multiplication alone would draw some numbers twice as often as others.</summary>
    [Fact]
    public void NextInt64_OverAWideRange_IsUniform()
    {
        var random = Of(3);
        const long Third = 1L << 62;
        var counts = new int[3];
        for (var i = 0; i < 60_000; i++)
        {
            var drawn = random.NextInt64(long.MinValue, Third); // 2⁶² above −2⁶³: three times as much
            counts[(int)(unchecked((ulong)(drawn - long.MinValue)) / (ulong)Third)]++;
        }

        Assert.All(counts, c => Assert.InRange(c, 19_500, 20_500));
    }

    private static DeterministicRandom Of(int seed) => new(SHA256.HashData(BitConverter.GetBytes(seed)));
}
