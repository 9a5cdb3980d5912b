using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Orleans.MasterSlave;

/// <summary>
/// 256 secret random bits of one mastership, from which everything is made that its operations draw (W9): unique because the key is random, the same on every
/// replica because it stands in the log, and not to be predicted by callers because nobody shows it.
/// </summary>
internal sealed class DrawKey
{
    public const int Bytes = 32;
    private readonly byte[] _key;

    /// <exception cref="ArgumentException">It is not of <see cref="Bytes"/> bytes.</exception>
    public DrawKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != Bytes) throw new ArgumentException($"A draw key has {Bytes} bytes, and not {key.Length}.", nameof(key));
        _key = key.ToArray();
    }

    private static ReadOnlySpan<byte> Purpose => "masterslave.draws"u8;

    /// <summary>The bits themselves, for the barrier and for snapshots only.</summary>
    public ReadOnlySpan<byte> ForTheLog => _key;

    /// <summary>What one operation draws. Frozen: a log that was written by an earlier version must replay to the same state.</summary>
    public DeterministicRandom DrawsOf(long epoch, long index)
    {
        Span<byte> operation = stackalloc byte[Purpose.Length + 16];
        Purpose.CopyTo(operation);
        BinaryPrimitives.WriteInt64LittleEndian(operation[Purpose.Length..], epoch);
        BinaryPrimitives.WriteInt64LittleEndian(operation[(Purpose.Length + 8)..], index);
        return new DeterministicRandom(HMACSHA256.HashData(_key, operation));
    }

    /// <summary>Shows nothing: it may be printed as a part of something else.</summary>
    public override string ToString() => "(a draw key)";
}
