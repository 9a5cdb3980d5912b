namespace Orleans.MasterSlave.Journal;

/// <summary>
/// A file as it was at one moment. Its length is the one at opening: what is cut off later holds nothing, and reads as zeros. One that is held ends where
/// the disk does not read on (<see cref="Unread"/>).
/// </summary>
internal sealed class HeldFile(ILogFile inner, ReadingProgress? progress) : ILogFile
{
    private const int StepBytes = 1024 * 1024, PageBytes = 4096;
    private long _content = inner.Length;

    public string Path => inner.Path;

    /// <summary>Stays open until it is released, whoever closes it.</summary>
    public bool IsHeld { get; set; }

    /// <summary>From where on the disk does not read it; null: nowhere that was asked for. What lies behind is not tried: a disk that fails takes its time for each try.</summary>
    public LogFinding? Unread { get; private set; }

    public long Length { get; } = inner.Length;

    private long ReadableLength => Unread?.Offset ?? Length;

    // A batch is begun only when the one before is on the disk. So of all that lies before a byte that was once seen, only the batch of that byte
    // can be unfinished; what lies behind it may be half there, and is not looked at.
    public void FreezeContent()
    {
        var buffer = new byte[(int)Math.Min(StepBytes, Length)];
        for (var end = Length; end > 0;)
        {
            var start = Math.Max(0, end - buffer.Length);
            var step = buffer.AsSpan(0, (int)(end - start));
            step = step[..ReadAt(step, start)];
            progress?.OnRead(Path, 0); // takes time as well; the bytes count when they are read for what they say
            if (step.LastIndexOfAnyExcept((byte)0) is >= 0 and var last)
            {
                _content = start + last + 1;
                return;
            }

            end = start;
        }

        _content = 0;
    }

    public int Read(Span<byte> buffer, long offset)
    {
        var there = (int)Math.Clamp(Math.Min(_content, ReadableLength) - offset, 0, buffer.Length);
        ReadAt(buffer[..there], offset);
        var length = (int)Math.Clamp(ReadableLength - offset, 0, buffer.Length); // shorter now when the disk did not read
        if (there < length) buffer[there..length].Clear();
        progress?.OnRead(Path, length);
        return length;
    }

    public void Dispose()
    {
        if (!IsHeld) inner.Dispose();
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset) => throw ReadOnlyFiles.Refused();
    public void Reserve(long length) => throw ReadOnlyFiles.Refused();
    public void Truncate(long length) => throw ReadOnlyFiles.Refused();
    public void Sync() => throw ReadOnlyFiles.Refused();

    // Returns how much of the buffer is filled: all of it, but where the disk does not read.
    private int ReadAt(Span<byte> buffer, long offset)
    {
        try
        {
            Fill(buffer, offset);
            return buffer.Length;
        }
        catch (Exception ex) when (IsHeld && FileErrors.IsUnreadable(ex))
        {
            return ReadPages(buffer, offset);
        }
    }

    // A read that fails does not tell where. So the same once more, a page at a time, up to the one that fails.
    private int ReadPages(Span<byte> buffer, long offset)
    {
        for (var read = 0; read < buffer.Length;)
        {
            var page = buffer.Slice(read, (int)Math.Min(PageBytes - ((offset + read) % PageBytes), buffer.Length - read));
            try
            {
                Fill(page, offset + read);
            }
            catch (Exception ex) when (FileErrors.IsUnreadable(ex))
            {
                Unread = LogFinding.UnreadFrom(Path, offset + read, ex);
                return read;
            }

            read += page.Length;
        }

        return buffer.Length;
    }

    private void Fill(Span<byte> buffer, long offset) => buffer[inner.Read(buffer, offset)..].Clear();
}
