using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>What would be lost, refused or in disorder is found at the start, with type and member.</summary>
public sealed class SerializedTypesTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void SoundTypes_HaveNoFaults()
    {
        var types = New();
        types.FollowState(typeof(string), typeof(SoundState));
        foreach (var method in typeof(ISoundCalls).GetMethods()) types.FollowMethod(typeof(string), method);
        Assert.Empty(types.Faults);
        Assert.Empty(types.Warnings);
    }

    [Fact]
    public void MembersWithoutId_AreFaults_AlsoDeepInside()
    {
        var types = New();
        types.FollowState(typeof(string), typeof(ForgetfulState));
        Assert.Equal(["ForgetfulPart.Count", "ForgetfulState.Forgotten", "ForgetfulState._field"], types.Faults.Select(MemberOf).Order(StringComparer.Ordinal));
        Assert.All(types.Faults, fault => Assert.Contains("lacks [Id(n)]", fault, StringComparison.Ordinal));

        static string MemberOf(string fault) => fault[(fault.IndexOf("member ", StringComparison.Ordinal) + 7)..fault.IndexOf(" lacks", StringComparison.Ordinal)].Split('.') is { Length: > 1 } parts ? $"{parts[^2]}.{parts[^1]}" : fault;
    }

    [Fact]
    public void TypesWithoutCodec_AreFaults_WhereverTheyAre()
    {
        var types = New();
        types.FollowState(typeof(string), typeof(StateWithStranger));
        foreach (var method in typeof(ICallsWithStrangers).GetMethods()) types.FollowMethod(typeof(string), method);
        Assert.Contains(types.Faults, f => f.Contains("StateWithStranger.Strangers", StringComparison.Ordinal) && f.Contains("serialize " + typeof(StrangerInState).FullName, StringComparison.Ordinal));
        Assert.Contains(types.Faults, f => f.Contains("Take, argument stranger", StringComparison.Ordinal) && f.Contains(nameof(StrangerInArgument), StringComparison.Ordinal));
        Assert.Contains(types.Faults, f => f.Contains("Give, its result", StringComparison.Ordinal) && f.Contains(nameof(StrangerInResult), StringComparison.Ordinal));
        Assert.Equal(3, types.Faults.Count);
    }

    [Fact]
    public void CollectionsWhoseOrderIsPerProcess_AreNamed()
    {
        var types = New();
        types.FollowState(typeof(string), typeof(DisorderlyState));
        Assert.Empty(types.Faults);
        Assert.Equal(["Bag", "Dictionary", "Set"], types.Warnings.Select(w => w.Split("member DisorderlyState.")[1].Split(' ')[0]).Order(StringComparer.Ordinal));
    }

    private SerializedTypes New() => new(type => _services.GetRequiredService<CodecProvider>().TryGetCodec(type) is not null);
}

[GenerateSerializer, Alias("test.sound-state")]
public sealed class SoundState : SoundBase
{
    [Id(0)] public Dictionary<string, List<SoundPart>> Parts { get; set; } = [];
    [Id(1)] public SoundState? Next { get; set; }
    [Id(2)] public object? Anything { get; set; }
    [Id(3)] public (int, string)[]? Pairs { get; set; }
    [Id(4)] public ImmutableDictionary<int, DateTimeOffset?>? ByNumber { get; set; }
    [field: NonSerialized] public int Derived { get; set; }
    [Id(5)] public SoundChecked? Checked { get; set; }
    public int Computed => Parts.Count;
}

#pragma warning disable ORLEANS0004 // the value is serialized by its property
[GenerateSerializer, Alias("test.sound-checked")]
public sealed class SoundChecked
{
    private int _value;

    [Id(0)]
    public int Value
    {
        get => _value;
        set => _value = Math.Max(0, value);
    }
}
#pragma warning restore ORLEANS0004

[GenerateSerializer, Alias("test.sound-base")]
public abstract class SoundBase
{
    [Id(0)] private readonly HashSet<Guid> _ids = [];
    public int Ids => _ids.Count;
}

[GenerateSerializer, Alias("test.sound-kind")]
public enum SoundKind
{
    Whole,
    Half,
}

[GenerateSerializer, Alias("test.sound-part")]
public sealed record SoundPart(string Name, Uri? Where, decimal Amount, SoundKind Kind);

public interface ISoundCalls
{
    Task Do(SoundPart part, CancellationToken cancellation);
    Task<SoundPart?> Get(IReadOnlyList<SoundPart> parts);
    ValueTask<int> Count();
}

#pragma warning disable ORLEANS0004, IDE0044, CS0414, CA1823, IDE0051, CS0169 // what Orleans' analyzer would say is what is looked for
[GenerateSerializer, Alias("test.forgetful-state")]
public sealed class ForgetfulState
{
    private int _field;
    public int Forgotten { get; set; }
    [Id(0)] public List<ForgetfulPart?> Parts { get; set; } = [];
}

[GenerateSerializer, Alias("test.forgetful-part")]
public sealed record ForgetfulPart(string Name)
{
    public int Count { get; set; }
}

#pragma warning restore ORLEANS0004, IDE0044, CS0414, CA1823, IDE0051, CS0169

public sealed class StrangerInState;

public sealed class StrangerInArgument;

public sealed class StrangerInResult;

[GenerateSerializer, Alias("test.state-with-stranger")]
public sealed class StateWithStranger
{
    [Id(0)] public Dictionary<string, List<StrangerInState>> Strangers { get; set; } = [];
}

public interface ICallsWithStrangers
{
    Task Take(StrangerInArgument[] stranger);
    Task<List<StrangerInResult>> Give();
}

[GenerateSerializer, Alias("test.disorderly-state")]
public sealed class DisorderlyState
{
    [Id(0)] public ImmutableDictionary<string, int> Dictionary { get; set; } = ImmutableDictionary<string, int>.Empty;
    [Id(1)] public ImmutableHashSet<SoundPart> Set { get; set; } = [];
    [Id(2)] public ConcurrentDictionary<string, int> Bag { get; set; } = new();
    [Id(3)] public ImmutableHashSet<long> Orderly { get; set; } = [];
    [Id(4)] public SortedDictionary<string, int> Sorted { get; set; } = [];
}
