using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Metadata;

namespace Orleans.MasterSlave.ClusterTests.Replication;

[Alias("test.INote")]
public interface INote : IGrainWithStringKey
{
    [Alias("add")] Task<int> Add(string text);
    [Alias("count"), ReadOnly] Task<int> Count();
}

[GenerateSerializer, Alias("test.note-state")]
public sealed class NoteState
{
    [Id(0)] public List<string> Lines { get; set; } = [];
}

/// <summary>The second version of a grain that was plain in the first.</summary>
[GrainType("test.note"), Replicated(Replicas = 3, MinInSyncReplicas = 1)]
public sealed class Note : ReplicatedGrain<NoteState>, INote
{
    public Task<int> Add(string text)
    {
        State.Lines.Add(text);
        return Task.FromResult(State.Lines.Count);
    }

    public Task<int> Count() => Task.FromResult(State.Lines.Count);
}

/// <summary>Its first version. Of the same grain type where <see cref="AsPlainNote"/> says so.</summary>
[GrainType("test.plain-note")]
public sealed class PlainNote : Grain, INote
{
    private readonly List<string> _lines = [];

    public Task<int> Add(string text)
    {
        _lines.Add(text);
        return Task.FromResult(_lines.Count);
    }

    public Task<int> Count() => Task.FromResult(_lines.Count);
}

/// <summary>The manifest of a silo that runs the first version.</summary>
public sealed class AsPlainNote : IGrainTypeProvider
{
    public bool TryGetGrainType(Type grainClass, out GrainType grainType)
    {
        grainType = GrainType.Create("test.note");
        return grainClass == typeof(PlainNote);
    }
}

/// <summary>A grain that does not activate everywhere.</summary>
[GrainType("test.picky-ledger"), Replicated(Replicas = 2, MinInSyncReplicas = 1)]
public sealed class PickyLedger(ILocalSiloDetails silo) : Ledger(silo), IPickyLedger
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var name = ServiceProvider.GetRequiredService<ILocalSiloDetails>().Name;
        return ServiceProvider.GetService<PickySilos>()?.Refuses(name) == true
            ? throw new InvalidOperationException($"no activation on {name}")
            : base.OnActivateAsync(cancellationToken);
    }
}

[Alias("test.IPickyLedger")]
public interface IPickyLedger : ILedger;

/// <summary>Silos on which <see cref="PickyLedger"/> does not activate.</summary>
public sealed class PickySilos
{
    public Func<string, bool> Refuses { get; set; } = _ => false;
}
