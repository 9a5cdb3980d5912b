using Orleans.MasterSlave.Contracts;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Routing;

/// <summary>How two views of one group are put together: the later record as a whole, and of each node the latest address.</summary>
public sealed class GroupViewTests
{
    private static readonly GroupId Group = new(GrainId.Create("g", "k"));
    private static readonly SiloAddress Old = Silo(1), New = Silo(2);

    [Theory]
    [InlineData("1 old up", "2 new up", "2 new up")]
    [InlineData("2 new up", "1 old up", "2 new up")]
    [InlineData("1 old up", "1 old down", "1 old down")]
    [InlineData("1 old down", "1 old up", "1 old down")] // who says up has not heard yet
    [InlineData("1 old down", "2 new up", "2 new up")]
    [InlineData("2 new up", "1 old down", "2 new up")]
    [InlineData("1 old up", "0 none up", "1 old up")]
    [InlineData("0 none up", "1 old up", "1 old up")]
    [InlineData("1 old down", "0 none up", "1 old down")]
    public void Address_IsTheLatestLifes_WhateverTheRecord(string known, string news, string expected)
    {
        foreach (var (first, second) in new[] { (5, 5), (5, 6), (6, 5) })
        {
            var merged = View(first, Node(1), Address(known)).WithNewsOf(View(second, Node(1), Address(news)));
            Assert.Equal(Address(expected), merged.Replicas[0]);
            Assert.Equal(Math.Max(first, second), merged.Version);
        }
    }

    [Fact]
    public void Record_IsTakenAsAWhole()
    {
        var known = View(7, Node(1), Address("1 old up") with { InSync = true });
        var merged = known.WithNewsOf(View(8, Node(2), Address("0 none up") with { InSync = false }));
        Assert.Equal((8, Node(2), false, Old), (merged.Version, merged.Master, merged.Replicas[0].InSync, merged.Replicas[0].Silo));
        Assert.Equal((Node(1), true), (known.WithNewsOf(View(6, Node(2), Address("1 old up"))).Master, known.Replicas[0].InSync));
    }

    [Fact]
    public void NoNews_IsTheSameObject()
    {
        var known = View(7, Node(1), Address("2 new up"));
        Assert.Same(known, known.WithNewsOf(View(7, Node(1), Address("2 new up"))));
        Assert.Same(known, known.WithNewsOf(View(6, Node(2), Address("1 old down"))));
        Assert.Same(known, known.WithNewsOf(View(7, Node(1), Address("0 none up"))));
    }

    private static GroupView View(long version, NodeId master, ReplicaAddress replica) => new(Group, new Epoch(1), version, master, [replica]);

    private static ReplicaAddress Address(string text)
    {
        var parts = text.Split(' ');
        return new ReplicaAddress(Node(1), parts[1] switch { "old" => Old, "new" => New, _ => null }, InSync: true, long.Parse(parts[0]), parts[2] == "down");
    }

    private static NodeId Node(int number) => new(new Guid(number, 0, 0, new byte[8]));
    private static SiloAddress Silo(int port) => SiloAddress.New(System.Net.IPAddress.Loopback, port, 1);
}
