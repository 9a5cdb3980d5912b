using Orleans.MasterSlave.Replicas;
using Xunit;

namespace Orleans.MasterSlave.Tests.Replica;

public sealed class FoundingPolicyTests
{
    [Theory]
    [InlineData(0, 0, 0.0, nameof(FoundingStep.Create))]
    [InlineData(1, 0, 0.0, nameof(FoundingStep.Refuse))]
    [InlineData(1, 1, 0.0, nameof(FoundingStep.Refuse))]
    [InlineData(1, 1, 9.0, nameof(FoundingStep.Refuse))]
    [InlineData(0, 1, 0.0, nameof(FoundingStep.AskAgain))]
    [InlineData(0, 1, 2.9, nameof(FoundingStep.AskAgain))]
    [InlineData(0, 1, 3.0, nameof(FoundingStep.Create))]
    public void Group_IsMade_OnlyOverNoDataThatIsKnownOf(int holders, int silent, double asking, string expected) =>
        Assert.Equal(expected, $"{FoundingPolicy.Next(new DataFound([.. Names(holders)], [.. Names(silent)]), TimeSpan.FromSeconds(asking))}");

    private static IEnumerable<string> Names(int count) => Enumerable.Range(0, count).Select(i => $"node {i}");
}
