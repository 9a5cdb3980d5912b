using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Replicas;

/// <summary>
/// The callers who wait at a master: for their entry to be applied, and then, in asynchronous mode, for the lease that allows the answer (W4).
/// Bounded by operations and bytes (W2).
/// </summary>
internal sealed class PendingAnswers(ReplicaLimits limits)
{
    private readonly Dictionary<RequestId, Waiter> _waiters = [];
    private readonly Queue<Waiter> _applied = new(); // answers that wait until they may be given, in order
    private long _bytes;

    public int Count => _waiters.Count;
    public bool HasRoom => _waiters.Count < limits.MaxOperationsInFlight && _bytes < limits.MaxBytesInFlight;

    /// <summary>A request that is in flight: a retry joins it (W1).</summary>
    public (Task<CallReply> Task, ulong PayloadChecksum)? Find(RequestId request) =>
        _waiters.TryGetValue(request, out var waiter) ? (waiter.Task, waiter.PayloadChecksum) : null;

    public Task<CallReply> Add(LogEntry entry)
    {
        var waiter = new Waiter(entry.Request, entry.PayloadChecksum, entry.Payload.Length);
        _waiters.Add(entry.Request, waiter);
        _bytes += waiter.Bytes;
        return waiter.Task;
    }

    /// <summary>A recorded answer is given like a new one: when it may be (W1).</summary>
    public Task<CallReply> AnswerKnown(RequestId request, ulong payloadChecksum, CallReply answer, Func<bool> mayAnswer)
    {
        if (mayAnswer()) return Task.FromResult(answer);
        var waiter = new Waiter(request, payloadChecksum, 0) { Answer = answer };
        _waiters.Add(request, waiter);
        _applied.Enqueue(waiter);
        return waiter.Task;
    }

    public void Applied(LogEntry entry, CallReply answer)
    {
        if (!_waiters.TryGetValue(entry.Request, out var waiter) || waiter.Answer is not null) return;
        waiter.Answer = answer;
        _applied.Enqueue(waiter);
    }

    public void Release(bool mayAnswer)
    {
        while (mayAnswer && _applied.TryDequeue(out var waiter))
        {
            Forget(waiter);
            waiter.SetResult(waiter.Answer!);
        }
    }

    public void FailAll(CallReply reply)
    {
        foreach (var waiter in _waiters.Values) waiter.TrySetResult(reply);
        _waiters.Clear();
        _applied.Clear();
        _bytes = 0;
    }

    private void Forget(Waiter waiter)
    {
        if (_waiters.Remove(waiter.Request)) _bytes -= waiter.Bytes;
    }

    private sealed class Waiter(RequestId request, ulong payloadChecksum, int bytes) : TaskCompletionSource<CallReply>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public RequestId Request { get; } = request;
        public ulong PayloadChecksum { get; } = payloadChecksum;
        public int Bytes { get; } = bytes;
        public CallReply? Answer { get; set; }
    }
}
