using Orleans.Concurrency;

namespace Orleans.MasterSlave.RoutingTests;

[Alias("test.INotes")]
public interface INotesGrain : IGrainWithStringKey
{
    [Alias("write")] Task<int> Write(string note);
    [Alias("forget")] Task Forget();
    [Alias("count")] ValueTask<int> CountAndMark(string mark);
    [Alias("touch")] ValueTask Touch(string mark);
    [Alias("fail-task")] Task FailTask();
    [Alias("fail-task-of")] Task<int> FailTaskOf();
    [Alias("fail-value-task")] ValueTask FailValueTask();
    [Alias("fail-value-task-of")] ValueTask<int> FailValueTaskOf();
    [Alias("call-other")] Task<int> CallOther(string key);
    [Alias("call-plain")] Task<int> CallPlain(ICallerGrain other);
    [Alias("slow")] Task<int> Slow(int milliseconds, CancellationToken cancellation);
    [Alias("context")] Task<string?> GetContextValue(string key);
    [Alias("one-way"), OneWay] Task Shout();
    [Alias("stream")] IAsyncEnumerable<int> Stream();

    [Alias("read"), ReadOnly] Task<int> Read();
    [Alias("read-master"), ReadOnly, ReadPreference(ReadPreference.Master)] Task<int> ReadAtMaster();
    [Alias("who"), ReadOnly] Task<Identity> WhoAreYou();
    [Alias("where"), ReadOnly] Task<string> Where();
    [Alias("slow-read"), ReadOnly] Task<int> SlowRead(int milliseconds);
    [Alias("hurried-read"), ReadOnly, ResponseTimeout("00:00:00.7")] Task<int> HurriedRead();
    [Alias("patient"), ResponseTimeout("00:00:06")] Task<int> Patient();
    [Alias("leave")] Task Leave();
    [Alias("migrate"), ReadOnly] Task Migrate();
    [Alias("extend"), ReadOnly] Task Extend();
    [Alias("seen"), ReadOnly] Task<GrainId[]> SeenContexts();
}

[GenerateSerializer, Alias("test.identity")]
public sealed record Identity([property: Id(0)] GrainId Id, [property: Id(1)] string Key, [property: Id(2)] GrainId Reference, [property: Id(3)] GrainId Cast);

[GenerateSerializer, Alias("test.notes")]
public sealed class Notes
{
    [Id(0)] public List<string> Lines { get; set; } = [];
}

[GrainType("test.notes")]
[Replicated(ReplicationMode.Synchronous, Replicas = 2)]
public sealed class NotesGrain(Runtime.ILocalSiloDetails silo, Runtime.IGrainContextAccessor contexts, Runtime.IGrainContext injected) : ReplicatedGrain<Notes>, INotesGrain
{
    private static int _slowReads;
    private readonly GrainId _constructedAs = contexts.GrainContext.GrainId;

    /// <summary>How often the slow read was executed.</summary>
    public static int SlowReads => Volatile.Read(ref _slowReads);

    public async Task<int> SlowRead(int milliseconds)
    {
        var number = Interlocked.Increment(ref _slowReads);
        await Task.Delay(milliseconds, CancellationToken.None);
        return number;
    }

    public Task<int> HurriedRead() => Task.FromResult(1);
    public Task<int> Patient() => Task.FromResult(1);

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task Migrate()
    {
        MigrateOnIdle();
        return Task.CompletedTask;
    }

    public Task Extend()
    {
        GrainContext.GetComponent<Runtime.IGrainExtensionBinder>()!.GetOrSetExtension<ProbeExtension, IProbeExtension>(() => new ProbeExtension());
        return Task.CompletedTask;
    }

    public Task<GrainId[]> SeenContexts() => Task.FromResult<GrainId[]>([_constructedAs, injected.GrainId, contexts.GrainContext.GrainId, GrainContext.GrainId]);

    public Task<int> Write(string note)
    {
        State.Lines.Add(note);
        return Task.FromResult(State.Lines.Count);
    }

    public Task Forget()
    {
        State.Lines.Clear();
        return Task.CompletedTask;
    }

    public ValueTask<int> CountAndMark(string mark)
    {
        State.Lines.Add(mark);
        return new(State.Lines.Count);
    }

    public ValueTask Touch(string mark)
    {
        State.Lines.Add(mark);
        return default;
    }

    public Task FailTask() => throw new NoteException("task");
    public Task<int> FailTaskOf() => throw new NoteException("task of");
    public ValueTask FailValueTask() => throw new NoteException("value task");
    public ValueTask<int> FailValueTaskOf() => throw new NoteException("value task of");
    public Task<int> CallOther(string key) => this.AsReference<INotesGrain>().Write(key);

    public Task<int> CallPlain(ICallerGrain other) => other.Plain();

    public async Task<int> Slow(int milliseconds, CancellationToken cancellation)
    {
        await Task.Delay(milliseconds, CancellationToken.None);
        return milliseconds;
    }

    public Task<string?> GetContextValue(string key) => Task.FromResult(Runtime.RequestContext.Get(key) as string);
    public Task Shout() => Task.CompletedTask;
    public IAsyncEnumerable<int> Stream() => throw new NotSupportedException();
    public Task<int> Read() => Task.FromResult(State.Lines.Count);
    public Task<int> ReadAtMaster() => Task.FromResult(State.Lines.Count);

    public Task<Identity> WhoAreYou() => Task.FromResult(new Identity(
        this.GetGrainId(), this.GetPrimaryKeyString(), GrainReference.GrainId, this.AsReference<INotesGrain>().GetGrainId()));

    public Task<string> Where() => Task.FromResult(silo.SiloAddress.ToParsableString());
}

[GenerateSerializer, Alias("test.note-exception")]
public sealed class NoteException(string message) : Exception(message);

public interface IProbeExtension : Runtime.IGrainExtension;

public sealed class ProbeExtension : IProbeExtension;

[Alias("test.IBroken")]
public interface IBrokenGrain : IGrainWithStringKey
{
    [Alias("write")] Task Write();
    [Alias("read"), ReadOnly] Task Read();
}

/// <summary>On silos where <see cref="BrokenOn"/> says so its constructor throws.</summary>
[GrainType("test.broken"), Replicated]
public sealed class BrokenGrain : ReplicatedGrain<Notes>, IBrokenGrain
{
    public static Func<Runtime.SiloAddress, bool> BrokenOn { get; set; } = _ => true;

    public BrokenGrain(Runtime.ILocalSiloDetails silo)
    {
        if (BrokenOn(silo.SiloAddress)) throw new InvalidOperationException("no database for this grain");
    }

    public Task Write() => Task.CompletedTask;
    public Task Read() => Task.CompletedTask;
}
