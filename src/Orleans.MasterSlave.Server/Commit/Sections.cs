using System.Text;

namespace Orleans.MasterSlave.Commit;

/// <summary>
/// Bytes in named parts, each with its length: for what lasts in logs and gets more parts in later versions. u16 name, i32 length, content; little
/// endian. A reader takes the parts it knows and passes over the others.
/// </summary>
internal static class Sections
{
    public static void Write(BinaryWriter to, ushort name, Action<BinaryWriter> content)
    {
        using var part = new MemoryStream();
        using var writer = new BinaryWriter(part);
        content(writer);
        writer.Flush();
        Write(to, name, part.GetBuffer().AsSpan(0, (int)part.Length));
    }

    public static void Write(BinaryWriter to, ushort name, ReadOnlySpan<byte> content)
    {
        to.Write(name);
        to.Write(content.Length);
        to.Write(content);
    }

    public static void Write(BinaryWriter to, ushort name, string content) => Write(to, name, Encoding.UTF8.GetBytes(content));

    public static byte[] ToBytes(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    /// <exception cref="InvalidDataException">The parts do not fill the bytes exactly.</exception>
    public static Dictionary<ushort, ReadOnlyMemory<byte>> Read(ReadOnlyMemory<byte> from)
    {
        var parts = new Dictionary<ushort, ReadOnlyMemory<byte>>();
        while (from.Length > 0)
        {
            if (from.Length < 6) throw new InvalidDataException("The parts end in the middle of a head.");
            var name = System.Buffers.Binary.BinaryPrimitives.ReadUInt16LittleEndian(from.Span);
            var length = System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(from.Span[2..]);
            if (length < 0 || length > from.Length - 6) throw new InvalidDataException($"Part {name} says that it has {length} bytes, and {from.Length - 6} follow.");
            parts[name] = from.Slice(6, length);
            from = from[(6 + length)..];
        }

        return parts;
    }

    /// <summary>A part that must be there.</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    public static ReadOnlyMemory<byte> Part(Dictionary<ushort, ReadOnlyMemory<byte>> parts, ushort name, string of) =>
        parts.TryGetValue(name, out var part) ? part : throw new InvalidDataException($"Part {name} of {of} is missing.");

    /// <summary>A part that is text; empty when there is none.</summary>
    public static string Text(Dictionary<ushort, ReadOnlyMemory<byte>> parts, ushort name) =>
        parts.TryGetValue(name, out var part) ? Encoding.UTF8.GetString(part.Span) : "";

    public static BinaryReader Reader(ReadOnlyMemory<byte> part) => new(new MemoryStream(part.ToArray()));
}
