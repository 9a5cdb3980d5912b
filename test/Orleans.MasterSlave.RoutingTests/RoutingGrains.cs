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
public sealed class NotesGrain(Runtime.ILocalSiloDetails silo) : ReplicatedGrain<Notes>, INotesGrain
{
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
