using System.Buffers.Binary;
using System.IO.Hashing;
using System.IO.MemoryMappedFiles;
using System.Text;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Node;

/// <summary>
/// What the process is applying at this moment, in the file <c>applying</c> of the log folder (W10): mapped into memory, so a mark costs a
/// few stores and outlives the process without any sync; a machine that dies takes it along. Slots of 256 bytes, one for each group, in
/// pieces of 64 KiB; the first slot is the head.
/// <code>
/// head:  magic "OMSAPPL\n", u64 deployment
/// slot:  0 i64 1 while it is applied   8 u128 XxHash128 of the group   24 i64 epoch   32 i64 index   40 i32 length of the name   44 name, UTF-8
/// </code>
/// </summary>
internal sealed class ApplyingFile : IDisposable
{
    public const string FileName = "applying";
    public const int SlotBytes = 256;
    private const int PieceBytes = 64 * 1024;
    private static ReadOnlySpan<byte> Magic => "OMSAPPL\n"u8;

    private readonly string _path;
    private readonly List<MappedPiece> _pieces = [];
    private int _slots = 1;

    private ApplyingFile(string path) => _path = path;

    /// <summary>Reads what the former process left, and begins anew.</summary>
    public static ApplyingFile Take(string path, ulong deployment, out IReadOnlyList<FailedEntry> died)
    {
        died = File.Exists(path) ? Read(File.ReadAllBytes(path), deployment) : [];
        File.Delete(path);
        var file = new ApplyingFile(path);
        file._pieces.Add(new MappedPiece(path, 0, PieceBytes));
        var head = file._pieces[0].At(0);
        Magic.CopyTo(head);
        BinaryPrimitives.WriteUInt64LittleEndian(head[8..], deployment);
        return file;
    }

    public static UInt128 KeyOf(GroupId group) => XxHash128.HashToUInt128(GroupBytes.Of(group));

    public ApplyingSlot NewSlot(UInt128 key)
    {
        var at = (long)_slots++ * SlotBytes;
        if (at / PieceBytes == _pieces.Count) _pieces.Add(new MappedPiece(_path, at, PieceBytes));
        return new ApplyingSlot(_pieces[(int)(at / PieceBytes)], (int)(at % PieceBytes), key);
    }

    /// <summary>An orderly end. What is mapped stays so: a replica that has not let go yet may still write.</summary>
    public void Dispose() => File.Delete(_path);

    private static List<FailedEntry> Read(ReadOnlySpan<byte> bytes, ulong deployment)
    {
        var died = new List<FailedEntry>();
        if (bytes.Length < SlotBytes || !bytes[..8].SequenceEqual(Magic) || BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) != deployment) return died;
        for (var at = SlotBytes; at + SlotBytes <= bytes.Length; at += SlotBytes)
            if (ApplyingSlot.Read(bytes.Slice(at, SlotBytes)) is { } entry) died.Add(entry);
        return died;
    }
}

/// <summary>A group's place in the file. Written by the replica's thread; <see cref="TakeCurrent"/> from any.</summary>
internal sealed class ApplyingSlot
{
    private const int NameAt = 44;
    private readonly MappedPiece _piece;
    private readonly int _at;
    private string? _name;

    public ApplyingSlot(MappedPiece piece, int at, UInt128 group)
    {
        (_piece, _at) = (piece, at);
        BinaryPrimitives.WriteUInt128LittleEndian(Bytes[8..], group);
    }

    private Span<byte> Bytes => _piece.At(_at)[..ApplyingFile.SlotBytes];

    /// <summary>Of a slot that is used for one request after the other.</summary>
    public void Begin(UInt128 key, LogPosition entry, string operation)
    {
        BinaryPrimitives.WriteUInt128LittleEndian(Bytes[8..], key);
        Begin(entry, operation);
    }

    public void Begin(LogPosition entry, string operation)
    {
        var bytes = Bytes;
        if (!ReferenceEquals(_name, operation)) Name(bytes, operation);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], entry.Epoch.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], entry.Index.Value);
        Volatile.Write(ref System.Runtime.InteropServices.MemoryMarshal.AsRef<long>(bytes), 1); // last: what is read is whole
    }

    public void End() => BinaryPrimitives.WriteInt64LittleEndian(Bytes, 0);

    /// <summary>What was begun and has not ended; it does not count a second time.</summary>
    public (LogPosition Entry, string Operation)? TakeCurrent()
    {
        var entry = Read(Bytes);
        End();
        return entry is null ? null : (entry.Position, entry.Operation);
    }

    public static FailedEntry? Read(ReadOnlySpan<byte> bytes)
    {
        if (BinaryPrimitives.ReadInt64LittleEndian(bytes) != 1) return null;
        var length = Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(bytes[40..]), 0, ApplyingFile.SlotBytes - NameAt);
        var position = new LogPosition(
            new Epoch(BinaryPrimitives.ReadInt64LittleEndian(bytes[24..])), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(bytes[32..])));
        return new FailedEntry(BinaryPrimitives.ReadUInt128LittleEndian(bytes[8..]), position, 1, Encoding.UTF8.GetString(bytes.Slice(NameAt, length)));
    }

    private void Name(Span<byte> bytes, string operation)
    {
        Encoding.UTF8.TryGetBytes(operation.AsSpan(0, Math.Min(operation.Length, 64)), bytes[NameAt..], out var length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[40..], length);
        _name = operation;
    }
}

/// <summary>A piece of a file in memory. Its room on the disk is taken before it is used: a store that finds none would end the process.</summary>
internal sealed unsafe class MappedPiece
{
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private readonly int _length;

    public MappedPiece(string path, long offset, int length)
    {
        using (var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.Position = offset;
            stream.Write(new byte[length]);
        }

        var opened = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        using var file = MemoryMappedFile.CreateFromFile(opened, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        _view = file.CreateViewAccessor(offset, length, MemoryMappedFileAccess.ReadWrite);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _start = start + _view.PointerOffset;
        _length = length;
    }

    public Span<byte> At(int offset) => new(_start + offset, _length - offset);
}
