using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replicas;

namespace Orleans.MasterSlave.Commit;

/// <summary>The requests of a batch that is being put together: do they change what the session table will know of the next one?</summary>
internal sealed class BatchRequests(SessionTable sessions)
{
    private readonly HashSet<RequestId> _requests = [];
    private readonly Dictionary<Guid, long> _answeredThrough = [];

    /// <summary>How many clients the table will have more.</summary>
    public int NewClients { get; private set; }

    public bool Concern(LogEntry entry) =>
        _requests.Contains(entry.Request) || _answeredThrough.GetValueOrDefault(entry.Request.Client) >= entry.Request.Sequence;

    public void Add(LogEntry entry)
    {
        _requests.Add(entry.Request);
        var client = entry.Request.Client;
        if (!_answeredThrough.TryGetValue(client, out var before) && !sessions.Knows(client)) NewClients++;
        _answeredThrough[client] = Math.Max(before, Math.Min(entry.AnsweredThrough, entry.Request.Sequence - 1));
    }
}
