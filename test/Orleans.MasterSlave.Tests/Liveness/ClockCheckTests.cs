using Orleans.MasterSlave.Liveness;
using Xunit;

namespace Orleans.MasterSlave.Tests.Liveness;

/// <summary>What a silo makes of its wall clock and those of its peers (W9).</summary>
public sealed class ClockCheckTests
{
    [Theory]
    [InlineData(new double[0], null, 0)]                 // alone: nobody to ask
    [InlineData(new double[] { 1, -1 }, null, 0)]        // seconds: as it should be
    [InlineData(new double[] { 59, 59 }, null, 0)]
    [InlineData(new double[] { 7200 }, 7200d, 0)]        // of two clocks nobody knows which is right: told, not followed
    [InlineData(new double[] { 7200, 7201 }, 7200d, 7200)]  // two against one
    [InlineData(new double[] { 7200, 0 }, null, 0)]      // the other peer's clock is wrong
    [InlineData(new double[] { -3.2e8, 0.5 }, null, 0)]
    [InlineData(new double[] { 7200, 7200, -7200 }, null, 0)] // two against two
    [InlineData(new double[] { 7200, 7200, 7200, -7200 }, 7200d, 7200)]
    [InlineData(new double[] { 7200, -7200 }, null, 0)]  // in the middle
    public void Clock_IsDoubted_WhenMostOthersAreFarFromIt(double[] offsets, double? doubt, double correction)
    {
        var spans = offsets.Select(TimeSpan.FromSeconds).ToArray();
        Assert.Equal(doubt is { } seconds ? TimeSpan.FromSeconds(seconds) : null, ClockCheck.Doubt(spans));
        Assert.Equal(TimeSpan.FromSeconds(correction), ClockCheck.Correction(spans));
    }
}
