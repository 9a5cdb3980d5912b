using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Orleans.MasterSlave;

/// <summary>
/// The numbers that HMAC-SHA256 makes of a seed and a counter, behind the face of <see cref="Random"/>. The framework does not promise that a seeded
/// <see cref="Random"/> yields the same numbers in its next version; a log replayed after an upgrade needs that promise. And whoever saw some of these numbers
/// cannot tell the others.
/// </summary>
/// <param name="seed">Secret, of at least 128 random bits.</param>
internal sealed class DeterministicRandom(byte[] seed) : Random(0)
{
    private readonly byte[] _block = new byte[HMACSHA256.HashSizeInBytes];
    private int _used = HMACSHA256.HashSizeInBytes; // of the block
    private long _blocks;

    public Guid NextGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        NextBytes(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40); // version 4: random
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80); // variant of RFC 9562
        return new Guid(bytes, bigEndian: true);
    }

    public override int Next() => Next(int.MaxValue);

    public override int Next(int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return (int)Below((ulong)maxValue);
    }

    public override int Next(int minValue, int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return (int)(minValue + (long)Below((ulong)((long)maxValue - minValue)));
    }

    public override long NextInt64() => NextInt64(long.MaxValue);

    public override long NextInt64(long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return (long)Below((ulong)maxValue);
    }

    public override long NextInt64(long minValue, long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return unchecked(minValue + (long)Below((ulong)(maxValue - minValue)));
    }

    public override double NextDouble() => (Step() >> 11) * (1.0 / (1UL << 53));

    public override float NextSingle() => (Step() >> 40) * (1.0f / (1U << 24));

    public override void NextBytes(byte[] buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        NextBytes(buffer.AsSpan());
    }

    public override void NextBytes(Span<byte> buffer)
    {
        Span<byte> word = stackalloc byte[8];
        while (!buffer.IsEmpty)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, Step());
            var count = Math.Min(8, buffer.Length);
            word[..count].CopyTo(buffer);
            buffer = buffer[count..];
        }
    }

    protected override double Sample() => NextDouble();

    /// <summary>Uniform in [0, limit); 0 when the limit is 0. By multiplication, and without bias (Lemire 2019).</summary>
    private ulong Below(ulong limit)
    {
        var whole = Math.BigMul(Step(), limit, out var low);
        if (low >= limit || limit == 0) return whole;
        var surplus = unchecked(0 - limit) % limit;
        while (low < surplus) whole = Math.BigMul(Step(), limit, out low);
        return whole;
    }

    private ulong Step()
    {
        if (_used == _block.Length) Refill();
        var word = BinaryPrimitives.ReadUInt64LittleEndian(_block.AsSpan(_used));
        _used += sizeof(ulong);
        return word;
    }

    private void Refill()
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(counter, _blocks++);
        HMACSHA256.HashData(seed, counter, _block);
        _used = 0;
    }
}
