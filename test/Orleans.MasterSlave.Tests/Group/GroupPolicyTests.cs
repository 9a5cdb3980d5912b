using System.Collections.Immutable;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Group;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Group;

/// <summary>Where replicas go, and which records are obeyed (G2, G8).</summary>
public sealed class GroupPolicyTests
{
    private static readonly GroupId Group = new(GrainId.Create("test", "a"));
    private static readonly MasterClaim Claim = new(new NodeLife(Node(1), 1), 1);

    private static NodeId Node(int number) => new(new Guid(number, 0, 0, new byte[8]));

    private static GroupRecord Record(params int[] replicas) => new()
    {
        Group = Group,
        Epoch = new Epoch(1),
        Master = Node(1),
        Claim = Claim,
        InSync = [Node(1)],
        Replicas = [.. replicas.Select(Node)],
        Mode = ReplicationMode.Synchronous,
        MinInSync = 1,
        DataLossCount = 0,
        Version = 1,
        Store = default,
        Birth = new GroupBirth(Guid.NewGuid()),
    };

    private static (NodeId, string)[] Nodes(params (int Node, string Zone)[] nodes) => [.. nodes.Select(n => (Node(n.Node), n.Zone))];

    [Fact]
    public void Enter_TakesANodeAmongTheReplicas_AndNotInSync()
    {
        var next = GroupPolicy.Enter(Record(1), Claim, Node(2), wanted: 2)!;
        Assert.Equal([Node(1), Node(2)], next.Replicas);
        Assert.Equal([Node(1)], next.InSync);
        Assert.Equal(2, next.Version);
    }

    [Fact]
    public void Enter_IsForTheMasterOnly_OfAGroupWithTooFew_AndForANewNode()
    {
        Assert.Null(GroupPolicy.Enter(Record(1), Claim with { Number = 2 }, Node(2), wanted: 2));
        Assert.Null(GroupPolicy.Enter(Record(1, 3), Claim, Node(2), wanted: 2));
        Assert.Null(GroupPolicy.Enter(Record(1, 2), Claim, Node(2), wanted: 3));
    }

    [Fact]
    public void Create_OnTheSameNodeTwice_IsRefused() => Assert.Throws<InvalidOperationException>(
        () => GroupPolicy.Create(new GroupPlan(Group, [Node(1), Node(1)], ReplicationMode.Synchronous, 1), Claim, default, new GroupBirth(Guid.NewGuid())));

    [Fact]
    public void Flaws_AreNamed()
    {
        Assert.Null(GroupPolicy.FlawOf(Record(1, 2)));
        Assert.Contains("distinct", GroupPolicy.FlawOf(Record(1, 1)), StringComparison.Ordinal);
        Assert.Contains("twice", GroupPolicy.FlawOf(Record(1, 2) with { InSync = [Node(1), Node(1)] }), StringComparison.Ordinal);
        Assert.Contains("no replica", GroupPolicy.FlawOf(Record(1, 2) with { InSync = [Node(1), Node(3)] }), StringComparison.Ordinal);
    }

    [Fact]
    public void Replicas_GoToDifferentZones_AsLongAsThereAreAny()
    {
        var chosen = GroupPolicy.ChooseReplicas(Group, Nodes((1, "a"), (2, "a"), (3, "b"), (4, "b")), 3);
        Assert.Equal(3, chosen.Distinct().Count());
        Assert.Equal(2, chosen[..2].Select(n => n == Node(1) || n == Node(2) ? "a" : "b").Distinct().Count());
    }

    [Fact]
    public void NodeWhereTheGroupCannotBeMade_ComesLast()
    {
        var nodes = Nodes((1, "a"), (2, "b"), (3, "c"));
        var first = GroupPolicy.ChooseReplicas(Group, nodes, 2)[0];
        var then = GroupPolicy.ChooseReplicas(Group, nodes, 2, [first]);
        Assert.DoesNotContain(first, then);
        Assert.Equal(first, GroupPolicy.ChooseReplicas(Group, nodes, 3, [first])[2]);
        Assert.Equal(first, GroupPolicy.ChooseReplicas(Group, Nodes((1, "a"), (2, "a"), (3, "a")), 3, [first])[2]);
    }

    [Fact]
    public void AnotherNode_IsOfAZoneOfItsOwn_IfThereIsOne()
    {
        Assert.Equal(Node(3), GroupPolicy.ChooseAnother(Group, Nodes((1, "a"), (2, "a"), (3, "b")), [Node(1)]));
        Assert.Equal(Node(2), GroupPolicy.ChooseAnother(Group, Nodes((1, "a"), (2, "a")), [Node(1)]));
        Assert.Null(GroupPolicy.ChooseAnother(Group, Nodes((1, "a")), [Node(1)]));
    }
}
