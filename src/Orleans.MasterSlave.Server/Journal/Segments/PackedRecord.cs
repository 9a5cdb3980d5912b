using System.Diagnostics;
using System.Numerics;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Offset and about the length of a record, in four bytes. Records begin at multiples of 8 below 1 GiB, so that five bits are left: they tell between
/// which powers of two the length is.
/// </summary>
internal readonly struct PackedRecord
{
    private const int OffsetBits = 27, Alignment = 8;
    private readonly uint _bits;

    private PackedRecord(int offset, uint sizeClass)
    {
        Debug.Assert(offset % Alignment == 0 && offset >= 0 && offset / Alignment < 1 << OffsetBits);
        _bits = (uint)(offset / Alignment) | sizeClass << OffsetBits;
    }

    public PackedRecord(int offset, int bytes) : this(offset, SizeClass(bytes))
    {
    }

    public int Offset => (int)(_bits & ((1u << OffsetBits) - 1)) * Alignment;

    /// <inheritdoc cref="WeightOf"/>
    public long Weight => 1L << (int)(_bits >> OffsetBits);

    /// <summary>
    /// What a record counts for when it is asked how much of a segment is needed: its length, rounded down to a power of two. Of a segment the same is
    /// known of all records together, so that rounding hardly matters.
    /// </summary>
    public static long WeightOf(int bytes) => 1L << (int)SizeClass(bytes);

    public PackedRecord At(int offset) => new(offset, _bits >> OffsetBits);

    private static uint SizeClass(int bytes) => (uint)BitOperations.Log2((uint)Math.Max(bytes, 1));
}
