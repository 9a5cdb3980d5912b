using System.Diagnostics;
using Orleans.Concurrency;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>
/// Operations whose arguments, results, exceptions or effects cannot be serialized: each ends with its own error, and the group goes on
/// (W5).
/// </summary>
public sealed class PoisonTests
{
    [Fact]
    public async Task WhatCannotBeSerialized_IsToldToTheCaller_AndEndsNothing()
    {
        await using var cluster = await LedgerCluster.StartAsync(options: o => o.SnapshotEveryOperations = 5);
        var grain = cluster.Client.GetGrain<IPoison>("all");
        await grain.Add("first");
        await Eventually.TrueAsync(async () => (await cluster.RecordAsync(grain))!.InSync.Length == 2, "a slave in sync");
        var before = (await cluster.RecordAsync(grain))!;

        var unreadable = await Assert.ThrowsAsync<NotSupportedOnReplicatedGrainException>(() => grain.Take(new Positive(-7)));
        Assert.Contains("-7 is not positive", unreadable.Message, StringComparison.Ordinal);
        Assert.Equal(2, await grain.Add("second")); // it was not executed

        var result = await Assert.ThrowsAsync<UnserializableAnswerException>(() => grain.AddAndReturn("third"));
        Assert.Contains(nameof(WithoutCodec), result.Message, StringComparison.Ordinal);

        var thrown = await Assert.ThrowsAsync<UnserializableAnswerException>(() => grain.AddAndThrow("fourth"));
        Assert.Contains($"{nameof(OwnException)}: no fourth", thrown.Message, StringComparison.Ordinal);

        await grain.Spoil();
        for (var i = 5; i < 20; i++) Assert.Equal(i, await grain.Add($"{i}"));
        await Eventually.TrueAsync(
            () => Task.FromResult(cluster.Warnings.Messages.Any(m => m.Contains("its state could not be serialized", StringComparison.Ordinal))), "the error");

        Assert.Equal($"{before}", $"{await cluster.RecordAsync(grain)}"); // same master, same set
        await cluster.KillAsync(cluster.SiloOf(before.Master));
        Assert.Equal(20, await grain.Add("20")); // the other has all of it
        Assert.DoesNotContain(cluster.Warnings.Messages, m => m.Contains("quarantined", StringComparison.Ordinal));
    }

    /// <summary>What only looks like the library's word is the grain's: the operation was executed.</summary>
    [Fact]
    public async Task ExceptionOfThisLibrary_ThrownByAnOperation_IsTheGrainsAnswer()
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var grain = cluster.Client.GetGrain<IPoison>("word");
        var thrown = await Assert.ThrowsAsync<ThrownByGrainException>(() => grain.AddAndClaim("first"));
        Assert.IsType<OverloadedException>(thrown.InnerException);
        Assert.Equal(2, await grain.Add("second"));
    }

    /// <summary>
    /// An operation that no silo has the memory for, say: each replica stops by itself. Whoever calls then is told so at once, and does
    /// not wait for a time-out.
    /// </summary>
    [Fact]
    public async Task GroupInWhichNoReplicaServes_SaysSoAtOnce()
    {
        await using var cluster = await LedgerCluster.StartAsync();
        var grain = cluster.Client.GetGrain<IPoison>("none");
        await grain.Add("first");
        await Eventually.TrueAsync(async () => (await cluster.RecordAsync(grain))!.InSync.Length == 2, "a slave in sync");
        await Assert.ThrowsAsync<OperationOutcomeUnknownException>(() => grain.RunOut());
        var began = Stopwatch.GetTimestamp();
        var write = await Assert.ThrowsAsync<GroupQuarantinedException>(() => grain.Add("second"));
        Assert.Contains("OutOfMemoryException", write.Message, StringComparison.Ordinal);
        var read = await Assert.ThrowsAsync<GroupQuarantinedException>(() => grain.Count());
        Assert.Contains("OutOfMemoryException", read.Message, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }
}

[GenerateSerializer, Alias("test.poison-state")]
public sealed class PoisonState
{
    [Id(0)] public List<string> Entries { get; set; } = [];
    [Id(1)] public object? Anything { get; set; }
}

[Alias("test.IPoison")]
public interface IPoison : IGrainWithStringKey
{
    [Alias("add")] Task<int> Add(string text);
    [Alias("take")] Task<int> Take(Positive number);
    [Alias("return")] Task<object> AddAndReturn(string text);
    [Alias("throw")] Task AddAndThrow(string text);
    [Alias("spoil")] Task Spoil();
    [Alias("claim")] Task AddAndClaim(string text);
    [Alias("run-out")] Task RunOut();
    [Alias("count"), ReadOnly] Task<int> Count();
}

[GrainType("test.poison"), Replicated]
public sealed class Poison : ReplicatedGrain<PoisonState>, IPoison
{
    public Task<int> Add(string text)
    {
        State.Entries.Add(text);
        return Task.FromResult(State.Entries.Count);
    }

    public Task<int> Take(Positive number) => Add($"{number.Value}");

    public async Task<object> AddAndReturn(string text)
    {
        await Add(text);
        return new WithoutCodec();
    }

    public async Task AddAndThrow(string text)
    {
        await Add(text);
        throw new OwnException($"no {text}");
    }

    public async Task AddAndClaim(string text)
    {
        await Add(text);
        throw new OverloadedException("not executed");
    }

    public Task RunOut() => throw new OutOfMemoryException();

    public Task<int> Count() => Task.FromResult(State.Entries.Count);

    public Task Spoil()
    {
        State.Anything = new WithoutCodec();
        return Task.CompletedTask;
    }
}

/// <summary>Refuses its value when it is read from bytes.</summary>
#pragma warning disable ORLEANS0004 // the value is serialized by its property
[GenerateSerializer, Immutable, Alias("test.positive")]
public sealed class Positive
{
    private int _value;

    public Positive()
    {
    }

    public Positive(int value) => _value = value;

    [Id(0)]
    public int Value
    {
        get => _value;
        set => _value = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), $"{value} is not positive");
    }
}
#pragma warning restore ORLEANS0004

public sealed class WithoutCodec;

public sealed class OwnException(string message) : Exception(message);
