using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Tests.Commit;

/// <summary>Admits everything and has no state; a test says what it is about.</summary>
internal abstract class FakeObject : IReplicatedObject
{
    public abstract Task<IReadOnlyList<byte[]>> ApplyAsync(IReadOnlyList<LogEntry> operations, DrawKey key);
    public virtual Task<byte[]> ReadAsync(byte[] payload) => throw new NotSupportedException();
    public virtual Task<byte[]> SaveStateAsync() => throw new NotSupportedException();
    public virtual Task RestoreStateAsync(byte[]? state) => throw new NotSupportedException();
    public virtual Task RoleChangedAsync(ReplicaRole role) => throw new NotSupportedException();
    public Task<StateHashes> HashStateAsync() => throw new NotSupportedException();
    public string? Admit(RequestId request, byte[] payload) => null;
    public string? Prepare(LogEntry entry) => null;
    public string? TryOut(byte[] payload) => null;
    public byte[] AnswerOfSkipped(LogEntry entry) => [];

    public void Forget(RequestId request)
    {
    }

    public void AnsweredOnMaster(IReadOnlyList<LogEntry> operations)
    {
    }
}
