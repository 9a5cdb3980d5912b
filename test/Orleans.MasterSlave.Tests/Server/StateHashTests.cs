using Microsoft.Extensions.DependencyInjection;
using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Shell;
using Orleans.Serialization;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>The hash sees values, and nothing of how a state came to be.</summary>
public sealed class StateHashTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    private Serializer Serializer => _services.GetRequiredService<Serializer>();

    public void Dispose() => _services.Dispose();

    /// <summary>A literal is one object until it was restored; then an operation sets one of two members anew.</summary>
    [Fact]
    public void EqualStrings_AreEqual_WhetherOneObjectOrTwo()
    {
        Assert.Equal(Hash(State("open", "open")), Hash(State("open", new string("open"))));
        Assert.NotEqual(Serialized(State("open", "open")), Serialized(State("open", new string("open")))); // what makes it needed
        Assert.NotEqual(Hash(State("open", "open")), Hash(State("open", "shut")));
    }

    /// <summary>Objects that stand in two places shift the numbers of all that follows.</summary>
    [Fact]
    public void SharedObjects_CountAsWhatTheyHold()
    {
        var line = new HashedLine { Text = "a", Amount = 3.5m };
        List<HashedLine> shared = [line, line, new() { Text = "b" }, line], apart = [Copy(line), Copy(line), new() { Text = new string("b") }, Copy(line)];
        Assert.Equal(Hash(State("x", "x", shared)), Hash(State(new string("x"), "x", apart)));
        apart[3].Amount++;
        Assert.NotEqual(Hash(State("x", "x", shared)), Hash(State("x", "x", apart)));
    }

    [Fact]
    public void WhatWasRestored_HasTheSameHash()
    {
        var state = State("x", null, [new() { Text = "x", Bytes = [1, 2, 3] }, new() { Text = null }]);
        state.Numbers["one"] = 1;
        state.Numbers["two"] = long.MinValue;
        state.Itself = state;
        Assert.Equal(Hash(state), Hash(Serializer.Deserialize<object>(Serialized(state))!));
    }

    /// <summary>One dictionary is as its operations left it, the other was restored before the last of them.</summary>
    [Fact]
    public void Order_IsSeenByOneHash_AndNotByTheOther()
    {
        var kept = State("x", null);
        foreach (var name in (string[])["one", "two", "three"]) kept.Numbers[name] = name.Length;
        kept.Numbers.Remove("one");
        var restored = (HashedState)Serializer.Deserialize<object>(Serialized(kept))!;
        foreach (var state in (HashedState[])[kept, restored]) state.Numbers["four"] = 4;
        Assert.NotEqual(kept.Numbers.Keys, restored.Numbers.Keys); // what makes it needed
        Assert.NotEqual(Hash(kept).Ordered, Hash(restored).Ordered);
        Assert.Equal(Hash(kept).Unordered, Hash(restored).Unordered);
        restored.Numbers["four"] = 5;
        Assert.NotEqual(Hash(kept).Unordered, Hash(restored).Unordered);
    }

    [Theory]
    [InlineData("x", null, null, "x")]
    [InlineData("", "a", "a", "")]
    public void MembersThatSwap_AreSeen(string? a, string? b, string? c, string? d) => Assert.NotEqual(Hash(State(a, b)).Unordered, Hash(State(c, d)).Unordered);

    private static HashedState State(string? first, string? second, List<HashedLine>? lines = null) => new() { First = first, Second = second, Lines = lines ?? [] };

    private static HashedLine Copy(HashedLine line) => new() { Text = new string(line.Text), Amount = line.Amount };

    private byte[] Serialized(object state) => Serializer.SerializeToArray(state);

    private StateHashes Hash(object state) => StateHash.Of(Serialized(state), Serializer.SessionPool);
}

[GenerateSerializer, Alias("test.hashed-state")]
public sealed class HashedState
{
    [Id(0)] public string? First { get; set; }
    [Id(1)] public string? Second { get; set; }
    [Id(2)] public List<HashedLine> Lines { get; set; } = [];
    [Id(3)] public Dictionary<string, long> Numbers { get; set; } = [];
    [Id(4)] public object? Itself { get; set; }
}

[GenerateSerializer, Alias("test.hashed-line")]
public sealed class HashedLine
{
    [Id(0)] public string? Text { get; set; }
    [Id(1)] public decimal Amount { get; set; }
    [Id(2)] public byte[] Bytes { get; set; } = [];
}
