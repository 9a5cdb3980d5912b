using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Shell;

/// <summary>
/// The reads that are under way at one replica. A caller who has no answer yet sends a copy, or asks; so a copy joins what is running
/// here, and is not executed once more. In the replica's thread.
/// </summary>
internal sealed class RunningReads
{
    private readonly Dictionary<RequestId, Task<CallReply>> _running = []; // as many as callers wait for

    public async Task<CallReply> RunAsync(ReadRequest request, Func<ReadRequest, Task<CallReply>> read)
    {
        if (request.Call.IsNone) return await read(request);
        if (request.PositionOnly)
        {
            var position = await read(request);
            return _running.ContainsKey(request.Call) ? position.Running() : position;
        }

        if (_running.TryGetValue(request.Call, out var first)) return await first;
        var reading = read(request);
        if (reading.IsCompleted) return await reading;
        _running.Add(request.Call, reading);
        try
        {
            return await reading;
        }
        finally
        {
            _running.Remove(request.Call);
        }
    }
}
