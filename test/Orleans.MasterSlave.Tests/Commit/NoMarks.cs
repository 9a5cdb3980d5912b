using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Tests.Commit;

/// <summary>A node on which nothing ever failed.</summary>
internal sealed class NoMarks : IEntryMarks
{
    public SuspectEntry? Suspect => null;
    public int FailuresOf(LogPosition entry) => 0;

    public void Begin(LogPosition entry, string operation)
    {
    }

    public void End()
    {
    }

    public void FailCurrent()
    {
    }

    public void Survived(LogPosition entry)
    {
    }

    public bool HasFailed(UInt128 request) => false;

    public IDisposable BeginRequest(UInt128 request) => throw new NotSupportedException();

    public Task<IDisposable> AloneAsync() => throw new NotSupportedException();
}
