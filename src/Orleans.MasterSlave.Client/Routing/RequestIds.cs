using System.Security.Cryptography;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Routing;

/// <summary>
/// The request ids of one client on one group (W1): sequences from 1, and the highest one up to which every answer has come. The client id is
/// made anew with each instance, so forgetting an instance that has nothing in flight can never repeat an id.
/// Not thread-safe: its owner locks.
/// </summary>
/// <param name="limit">How far sequences may run ahead of the oldest unanswered one.</param>
internal sealed class RequestIds(int limit)
{
    private bool[] _answered = new bool[8]; // ring: the sequence s stands at s % length, for those above AnsweredThrough
    private long _last;

    public Guid Client { get; } = NewClientId();

    /// <summary>Every sequence up to this one was answered, or given up for good.</summary>
    public long AnsweredThrough { get; private set; }

    public bool AnyInFlight => _last > AnsweredThrough;

    public bool TryTake(out RequestId id)
    {
        id = RequestId.None;
        var distance = _last - AnsweredThrough;
        if (distance >= limit) return false;
        if (distance == _answered.Length) Grow();
        _last++;
        _answered[_last % _answered.Length] = false;
        id = new RequestId(Client, _last);
        return true;
    }

    /// <summary>This request will never be sent again.</summary>
    public void Complete(RequestId id)
    {
        _answered[id.Sequence % _answered.Length] = true;
        while (AnsweredThrough < _last && _answered[(AnsweredThrough + 1) % _answered.Length]) AnsweredThrough++;
    }

    private void Grow()
    {
        var larger = new bool[_answered.Length * 2];
        for (var sequence = AnsweredThrough + 1; sequence <= _last; sequence++)
            larger[sequence % larger.Length] = _answered[sequence % _answered.Length];
        _answered = larger;
    }

    /// <summary>The one source of identities on the calling side.</summary>
    internal static Guid NewClientId()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return new Guid(bytes);
    }
}
