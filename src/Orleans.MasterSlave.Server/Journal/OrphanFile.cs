using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>
/// Operations that one replica had beyond its master's log, saved before they were cut (C2): in synchronous mode nobody was ever told that they
/// had happened, in asynchronous mode somebody may have been. One file for each cut, written once.
/// </summary>
/// <remarks>
/// A file: magic "OMSORPH\n", u32 version, u32 length of the group's name, node id, i64 epoch and i64 index of the position after which was cut,
/// i64 number of entries, group's name; for each entry u32 body length, i64 epoch, i64 index, body as in <see cref="EntryCodec"/>; u64 XxHash3 of all before.
/// </remarks>
internal sealed record OrphanFile(NodeId Node, GroupId Group, LogPosition CutAfter, IReadOnlyList<LogEntry> Entries)
{
    public const string DirectoryName = "orphans";
    public const string NameSuffix = ".orphans";
    private const string UnfinishedSuffix = ".tmp";
    private const uint Version = 2;
    private const int FixedBytes = 56, EntryHeadBytes = 20, ChecksumBytes = 8, MaxEscapedName = 120;
    private static ReadOnlySpan<byte> Magic => "OMSORPH\n"u8;

    /// <summary>The orphan files in a log directory, oldest name first.</summary>
    public static IReadOnlyList<string> List(string logDirectory, ILogFiles? files = null)
    {
        var directory = Path.Combine(logDirectory, DirectoryName);
        return [.. (files ?? DiskFiles.Instance).List(directory).Where(name => name.EndsWith(NameSuffix, StringComparison.Ordinal)).Select(name => Path.Combine(directory, name))];
    }

    /// <summary>Reads a file back.</summary>
    /// <exception cref="LogDamagedException">It is not what was written.</exception>
    /// <exception cref="LogFormatException">A newer version wrote it.</exception>
    public static OrphanFile Read(string path, ILogFiles? files = null)
    {
        ReadOnlySpan<byte> bytes = AtomicFile.Read(files ?? DiskFiles.Instance, path);
        if (bytes.Length < FixedBytes + ChecksumBytes || BinaryPrimitives.ReadUInt64LittleEndian(bytes[^ChecksumBytes..]) != XxHash3.HashToUInt64(bytes[..^ChecksumBytes]))
            throw new LogDamagedException($"The orphaned operations in '{path}' are damaged.", path, 0, null);
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (!bytes[..8].SequenceEqual(Magic) || version != Version)
            throw new LogFormatException($"'{path}' has version {version}; this version reads {Version}. Use the version that wrote it, or a newer one.");
        var groupBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
        if (!GroupBytes.TryParse(bytes.Slice(FixedBytes, groupBytes), out var group))
            throw new LogDamagedException($"The orphaned operations in '{path}' are of no group.", path, FixedBytes, null);
        var entries = new LogEntry[BinaryPrimitives.ReadInt64LittleEndian(bytes[48..])];
        var rest = bytes[(FixedBytes + groupBytes)..];
        for (var i = 0; i < entries.Length; i++)
        {
            var body = rest.Slice(EntryHeadBytes, BinaryPrimitives.ReadInt32LittleEndian(rest));
            entries[i] = EntryCodec.TryRead(body, PositionIn(rest[4..])) ?? throw new LogDamagedException($"Entry {i} in '{path}' is too short.", path, 0, group);
            rest = rest[(EntryHeadBytes + body.Length)..];
        }

        return new OrphanFile(new NodeId(new Guid(bytes[16..32])), group, PositionIn(bytes[32..]), entries);
    }

    /// <summary>Writes the file durably and returns its path: <c>orphans/&lt;group&gt;-&lt;epoch of the first entry&gt;-&lt;n&gt;.orphans</c>.</summary>
    public string Write(ILogFiles files, string logDirectory)
    {
        var directory = Path.Combine(logDirectory, DirectoryName);
        files.CreateDirectory(directory);
        files.SyncDirectory(logDirectory);
        var name = GroupBytes.Of(Group);
        var stem = $"{Escape(name)}-{Entries[0].Epoch.Value}-";
        var number = 1;
        while (files.Exists(Path.Combine(directory, stem + number + NameSuffix))) number++;
        var path = Path.Combine(directory, stem + number + NameSuffix);
        var bytes = ToBytes(name);

        // Under another name until it is whole: a crash must not leave a file that reads as damaged.
        var unfinished = path + UnfinishedSuffix;
        files.Delete(unfinished);
        using (var file = files.Create(unfinished))
        {
            try
            {
                file.Reserve(bytes.Length);
            }
            catch (LogFullException)
            {
                file.Dispose();
                files.Delete(unfinished);
                throw;
            }

            file.Write(bytes, 0);
            file.Sync();
        }

        files.Replace(unfinished, path);
        files.SyncDirectory(directory);
        return path;
    }

    private byte[] ToBytes(byte[] name)
    {
        var bytes = new byte[FixedBytes + name.Length + Entries.Sum(entry => EntryHeadBytes + EntryCodec.SizeOf(entry)) + ChecksumBytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), name.Length);
        Node.Value.TryWriteBytes(bytes.AsSpan(16));
        WritePosition(bytes.AsSpan(32), CutAfter);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(48), Entries.Count);
        name.CopyTo(bytes, FixedBytes);
        var at = FixedBytes + name.Length;
        foreach (var entry in Entries)
        {
            var size = EntryCodec.SizeOf(entry);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), size);
            WritePosition(bytes.AsSpan(at + 4), entry.Position);
            EntryCodec.Write(entry, bytes.AsSpan(at + EntryHeadBytes, size));
            at += EntryHeadBytes + size;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), XxHash3.HashToUInt64(bytes.AsSpan(0, at)));
        return bytes;
    }

    private static LogPosition PositionIn(ReadOnlySpan<byte> from) =>
        new(new Epoch(BinaryPrimitives.ReadInt64LittleEndian(from)), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(from[8..])));

    private static void WritePosition(Span<byte> to, LogPosition position)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, position.Epoch.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], position.Index.Value);
    }

    // Letters, digits, '.', '_' stay; other bytes become %xx. A long name is cut short and told apart by its hash; the file holds it in full.
    private static string Escape(byte[] name)
    {
        var text = new StringBuilder();
        foreach (var b in name)
        {
            if (text.Length > MaxEscapedName) return text.Append('~').Append(XxHash3.HashToUInt64(name).ToString("x16")).ToString();
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'.' or (byte)'_') text.Append((char)b);
            else text.Append('%').Append(b.ToString("x2"));
        }

        return text.ToString();
    }
}
