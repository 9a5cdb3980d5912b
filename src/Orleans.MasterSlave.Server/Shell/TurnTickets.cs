namespace Orleans.MasterSlave.Shell;

/// <summary>Work that waits for a turn of the activation. Used in the activation's thread only.</summary>
internal sealed class TurnTickets(Func<IReplicaTurns> self)
{
    private readonly Dictionary<long, Func<Task>> _waiting = [];
    private long _last;

    /// <summary>Runs work while nothing else of the grain runs.</summary>
    public async Task<T> ExclusiveAsync<T>(Func<Task<T>> work)
    {
        var (ticket, result) = Take(work);
        try
        {
            await self().RunExclusiveAsync(ticket);
        }
        finally
        {
            _waiting.Remove(ticket);
        }

        return result.Value!;
    }

    /// <summary>Runs work that only reads: beside other reads.</summary>
    public async Task<T> SharedAsync<T>(Func<Task<T>> work)
    {
        var (ticket, result) = Take(work);
        try
        {
            await self().RunSharedAsync(ticket);
        }
        finally
        {
            _waiting.Remove(ticket);
        }

        return result.Value!;
    }

    public Task RunAsync(long ticket) => _waiting.Remove(ticket, out var work) ? work() : Task.CompletedTask; // given up meanwhile

    private (long Ticket, Box<T> Result) Take<T>(Func<Task<T>> work)
    {
        var box = new Box<T>();
        var ticket = ++_last;
        _waiting.Add(ticket, async () => box.Value = await work());
        return (ticket, box);
    }

    private sealed class Box<T>
    {
        public T? Value { get; set; }
    }
}
