using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>Names the reads of this process, so that a replica knows a copy of one that it executes already.</summary>
internal sealed class ReadIds(Guid process)
{
    private long _last;

    public RequestId Next() => new(process, Interlocked.Increment(ref _last));
}
