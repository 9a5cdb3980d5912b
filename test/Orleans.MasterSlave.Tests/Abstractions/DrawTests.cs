using System.Numerics;
using System.Security.Cryptography;
using Xunit;

namespace Orleans.MasterSlave.Tests.Abstractions;

/// <summary>What operations draw (W9): unique everywhere, the same for one entry, and like random numbers.</summary>
public sealed class DrawTests
{
    /// <summary>With the seed of before, made of epoch and index alone, each group drew what every other did.</summary>
    [Fact]
    public void MillionDraws_OverThousandGroupsAndSeveralEpochs_AreAllDifferent()
    {
        var drawn = new HashSet<Guid>(1_000_000);
        var keys = new Random(1);
        for (var group = 0; group < 1_000; group++)
        {
            var (index, perEpoch) = (1, new[] { 1, 7, 42, 50, 100 });
            for (var epoch = 1; epoch <= perEpoch.Length; epoch++)
            {
                var key = NewKey(keys);
                for (var i = 0; i < perEpoch[epoch - 1]; i++, index++)
                {
                    var draws = key.DrawsOf(epoch, index);
                    for (var n = 0; n < 5; n++) Assert.True(drawn.Add(draws.NextGuid()), $"group {group} {epoch}:{index}");
                }
            }
        }

        Assert.Equal(1_000_000, drawn.Count);
    }

    [Fact]
    public void OneEntry_DrawsTheSame_WhereverItIsApplied()
    {
        var (here, there) = (Context(5, 3, 17), Context(5, 3, 17));
        for (var i = 0; i < 100; i++) Assert.Equal(here.Random.NextGuid(), there.Random.NextGuid());
        Assert.Equal(here.Random.NextDouble(), there.Random.NextDouble());
    }

    [Theory]
    [InlineData(6, 3, 17)] // another mastership with the same numbers: of another group, cluster, or of a store that went back
    [InlineData(5, 4, 17)]
    [InlineData(5, 3, 18)]
    [InlineData(5, 17, 3)]
    public void OtherEntries_DrawOthers(int key, long epoch, long index)
    {
        var first = Draws(Context(5, 3, 17), 50);
        Assert.Empty(first.Intersect(Draws(Context(key, epoch, index), 50)));
    }

    [Fact]
    public void Ids_AreOfVersion4_AndOfItsVariant()
    {
        var ids = Draws(Context(1, 1, 1), 100);
        Assert.All(ids, id => Assert.Equal((4, 2), (id.Version, id.Variant >> 2)));
    }

    /// <summary>Each bit is set in half of the ids, each byte value is as frequent as any other (χ², 255 degrees of freedom, p about 10⁻⁶).</summary>
    [Fact]
    public void DrawsOfOneOperation_AreUniform()
    {
        var draws = new DrawKey(SHA256.HashData([9])).DrawsOf(2, 3);
        var bytes = new byte[1 << 20];
        draws.NextBytes(bytes);
        var set = bytes.Sum(b => BitOperations.PopCount(b));
        Assert.InRange(set / (double)(bytes.Length * 8), 0.499, 0.501);
        Assert.InRange(ChiSquare(bytes, 256), 150, 380);

        var below = new int[60_000];
        for (var i = 0; i < below.Length; i++) below[i] = draws.Next(6);
        Assert.InRange(ChiSquare(below.Select(i => (byte)i).ToArray(), 6), 0.02, 35);
        Assert.InRange(Enumerable.Range(0, 100_000).Average(_ => draws.NextDouble()), 0.495, 0.505);
    }

    /// <summary>Drawing at one place tells nothing of the next: neighbours share no more than chance.</summary>
    [Fact]
    public void FirstDraws_OfNeighbouringOperations_DifferInHalfOfTheirBits()
    {
        var key = new DrawKey(SHA256.HashData([4]));
        var differing = 0L;
        for (var index = 1; index <= 10_000; index++)
            differing += BitOperations.PopCount((ulong)(key.DrawsOf(1, index).NextInt64() ^ key.DrawsOf(1, index + 1).NextInt64()));
        Assert.InRange(differing / 10_000.0, 31.2, 31.8); // of 63
    }

    [Fact]
    public void Key_ShowsNothingOfItself_AndHasItsLength()
    {
        var key = new DrawKey(SHA256.HashData([4]));
        Assert.DoesNotContain(Convert.ToHexString(key.ForTheLog[..4]), $"{key}", StringComparison.OrdinalIgnoreCase);
        Assert.Throws<ArgumentException>(() => new DrawKey(new byte[16]));
    }

    private static OperationContext Context(int key, long epoch, long index) => new(DateTime.UnixEpoch, NewKey(new Random(key)), epoch, index);

    private static DrawKey NewKey(Random from)
    {
        var bytes = new byte[DrawKey.Bytes];
        from.NextBytes(bytes);
        return new DrawKey(bytes);
    }

    private static List<Guid> Draws(OperationContext context, int count) => [.. Enumerable.Range(0, count).Select(_ => context.Random.NextGuid())];

    private static double ChiSquare(byte[] drawn, int values)
    {
        var expected = drawn.Length / (double)values;
        return drawn.CountBy(b => b).Sum(c => (c.Value - expected) * (c.Value - expected) / expected);
    }
}
