using System.Collections.Immutable;
using System.Net;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Placement;
using Orleans.MasterSlave.Replicas;
using Orleans.Metadata;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Placement;

/// <summary>Which nodes can hold a replica, by what their silos say of their classes (G2).</summary>
public sealed class PlaceStatesTests
{
    private static readonly GrainType Type = GrainType.Create("test.ledger");
    private static readonly NodeAddress Up = new(1, SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11_111), 1), IsDown: false);

    private static GrainManifest Manifest(GrainType? type, bool replicated) => new(
        type is null ? ImmutableDictionary<GrainType, GrainProperties>.Empty : ImmutableDictionary<GrainType, GrainProperties>.Empty.Add(type.Value, Properties(replicated)),
        ImmutableDictionary<GrainInterfaceType, GrainInterfaceProperties>.Empty);

    private static GrainProperties Properties(bool replicated) =>
        new(replicated ? None.Add(ReplicatedGrainProperties.Marker, "true") : None);

    private static ImmutableDictionary<string, string> None => ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    [Fact]
    public void Place_IsWhereTheClassIsReplicated()
    {
        Assert.Equal(PlaceState.Fits, PlaceStates.Of(Up, Manifest(Type, replicated: true), Type));
        Assert.Equal(PlaceState.PlainClass, PlaceStates.Of(Up, Manifest(Type, replicated: false), Type));
        Assert.Equal(PlaceState.NoClass, PlaceStates.Of(Up, Manifest(null, replicated: false), Type));
        Assert.Equal(PlaceState.NoClass, PlaceStates.Of(Up, Manifest(GrainType.Create("other"), replicated: true), Type));
    }

    [Fact]
    public void WhatIsNotKnown_IsNoPlace()
    {
        Assert.Equal(PlaceState.ManifestNotKnown, PlaceStates.Of(Up, null, Type));
        Assert.Equal(PlaceState.UnknownNode, PlaceStates.Of(default, null, Type));
        Assert.Equal(PlaceState.Down, PlaceStates.Of(Up with { IsDown = true }, Manifest(Type, replicated: true), Type));
    }

    /// <summary>Rolling upgrade: this silo's class decides; a silo without the class takes whoever has it replicated.</summary>
    [Fact]
    public void Properties_AreThoseOfTheOwnClass_ElseOfAnySiloWhereItIsReplicated()
    {
        var (plain, replicated, none) = (Manifest(Type, false), Manifest(Type, true), Manifest(null, false));
        Assert.NotNull(ReplicatedGrainProperties.Find(new Manifests(replicated, plain, replicated), Type));
        Assert.Null(ReplicatedGrainProperties.Find(new Manifests(plain, plain, replicated), Type));
        Assert.NotNull(ReplicatedGrainProperties.Find(new Manifests(none, none, plain, replicated), Type));
        Assert.Null(ReplicatedGrainProperties.Find(new Manifests(none, none, plain), Type));
    }

    private sealed class Manifests(GrainManifest local, params GrainManifest[] all) : IClusterManifestProvider
    {
        public GrainManifest LocalGrainManifest => local;

        public ClusterManifest Current { get; } = new(
            new MajorMinorVersion(1, 1), all.Select((m, i) => (Silo: SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11_111 + i), 1), m)).ToImmutableDictionary(m => m.Silo, m => m.m));

        public IAsyncEnumerable<ClusterManifest> Updates => throw new NotSupportedException();
    }
}
