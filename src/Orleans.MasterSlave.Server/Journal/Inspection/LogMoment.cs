using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>A number of the log at some moment that has, or should have, a file.</summary>
/// <param name="Number">The segment's number.</param>
/// <param name="Header">Its header; null when it is not there or cannot be read.</param>
/// <param name="IsThere">Whether there is a file.</param>
/// <param name="Finding">Why a silo would not open a log with this file; null: it would. With a header, it is read up to the finding's offset.</param>
internal sealed record InspectedSegment(long Number, SegmentHeader? Header, bool IsThere, LogFinding? Finding);

/// <summary>
/// The segments of one moment, held open. What a silo refuses to open on is put out of the way of recovery's reading: for a list that cannot be read
/// there is one made from the files that are there, and a segment that is not this log's is an empty file, of which all is damaged.
/// </summary>
/// <param name="Manifest">Which segments there are to be.</param>
/// <param name="ManifestFinding">What is wrong with the file that lists them; null: nothing.</param>
/// <param name="Segments">Each segment, in order; without the numbers that a rewritten one stands for.</param>
internal sealed record LogMoment(SegmentManifest Manifest, LogFinding? ManifestFinding, IReadOnlyList<InspectedSegment> Segments)
{
    private const int MaxAttempts = 100;
    private const int StepBytes = 1024 * 1024;

    /// <summary>What a silo would refuse to open on.</summary>
    public IEnumerable<LogFinding> Refusals => Segments.Select(segment => segment.Finding).Prepend(ManifestFinding).OfType<LogFinding>();

    /// <summary>Lets go what was held, and holds what is there now.</summary>
    /// <exception cref="IOException">It changes faster than it can be opened.</exception>
    public static LogMoment Hold(ReadOnlyFiles files, string directory, NodeId node)
    {
        // Files are deleted only after the list has changed. So what was opened between two equal lists is complete. From the first to the last: a rewritten
        // segment is in the place of its last number before the files of the others go.
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            files.Release();
            var (manifest, finding) = ReadManifest(files, directory, node);
            Dictionary<long, LogFinding> closed = [];
            for (var number = manifest.First; number <= manifest.Last; number++) Open(files, directory, number, growing: number == manifest.Last, closed);
            if (ReadManifest(files, directory, node).Manifest != manifest) continue;
            if (finding is not null) files.Show(Path.Combine(directory, SegmentManifest.FileName), manifest.ToBytes());
            return new LogMoment(manifest, finding, Look(files, directory, manifest, closed));
        }

        throw new IOException($"The log in '{directory}' changes faster than it can be opened. Try again, or copy the directory first.");
    }

    /// <summary>The same after all was read: with the segments that the disk did not read to their end.</summary>
    public LogMoment AfterReading(ReadOnlyFiles files, string directory) => this with
    {
        Segments = [.. Segments.Select(segment => segment with { Finding = segment.Finding ?? files.UnreadIn(Path.Combine(directory, SegmentHeader.FileName(segment.Number))) })],
    };

    private static void Open(ReadOnlyFiles files, string directory, long number, bool growing, Dictionary<long, LogFinding> closed)
    {
        var path = Path.Combine(directory, SegmentHeader.FileName(number));
        try
        {
            files.Hold(path, growing);
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            closed.Add(number, LogFinding.Of(ex, path));
        }
    }

    private static List<InspectedSegment> Look(ReadOnlyFiles files, string directory, SegmentManifest manifest, Dictionary<long, LogFinding> closed)
    {
        List<InspectedSegment> segments = [];
        for (var number = manifest.Last; number >= manifest.First; number--)
        {
            var path = Path.Combine(directory, SegmentHeader.FileName(number));
            var segment = closed.TryGetValue(number, out var reason)
                ? new InspectedSegment(number, null, IsThere: true, reason)
                : Look(files, path, number, manifest.Node);
            if (segment.Finding is not null) files.Show(path, []);
            segments.Add(segment);
            if (segment.Header?.Rewritten is { } rewritten) number = rewritten.From;
        }

        segments.Reverse();
        return segments;
    }

    private static InspectedSegment Look(ReadOnlyFiles files, string path, long number, NodeId node)
    {
        if (!files.Exists(path)) return new InspectedSegment(number, null, IsThere: false, null);
        try
        {
            var header = SegmentHeader.Read(files, path, node, number);
            var unread = header is null && files.UnreadIn(path) is { Offset: < SegmentHeader.RewrittenBytes } head ? head with { Offset = 0 } : null;
            return new InspectedSegment(number, header, IsThere: true, unread);
        }
        catch (LogFormatException ex) when (!SegmentHeader.HasMagic(files, path))
        {
            return new InspectedSegment(number, null, IsThere: true, LogFinding.Damage(path, ex.Message)); // by its name it is a segment
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            return new InspectedSegment(number, null, IsThere: true, LogFinding.Of(ex, path));
        }
    }

    private static (SegmentManifest Manifest, LogFinding? Finding) ReadManifest(ReadOnlyFiles files, string directory, NodeId node)
    {
        try
        {
            return (SegmentManifest.Read(files, directory, node), null);
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            return (FromFiles(files, directory, node), LogFinding.Of(ex, Path.Combine(directory, SegmentManifest.FileName)));
        }
    }

    private static SegmentManifest FromFiles(ReadOnlyFiles files, string directory, NodeId node)
    {
        var numbers = SegmentHeader.NumbersIn(directory, files).Order().ToList();
        if (numbers.Count > 0 && Measure(numbers[^1]).IsSpare) numbers.RemoveAt(numbers.Count - 1);
        return numbers.Count == 0 ? SegmentManifest.Empty(node) : new SegmentManifest(node, numbers[0], numbers[^1], Measure(numbers[^1]).Length);

        (long Length, bool IsSpare) Measure(long number) => LogMoment.Measure(files, Path.Combine(directory, SegmentHeader.FileName(number)));
    }

    // The last file may be a spare, one that was kept ready and never used: all zeros. One of no bytes at all is none, but the rest of something.
    private static (long Length, bool IsSpare) Measure(ReadOnlyFiles files, string path)
    {
        var length = 0L;
        try
        {
            using var file = files.Open(path);
            length = file.Length;
            var piece = new byte[StepBytes];
            for (var at = 0L; at < length; at += piece.Length)
            {
                if (piece.AsSpan(0, file.ReadAt(piece, at)).IndexOfAnyExcept((byte)0) >= 0) return (length, false);
            }

            return (length, length > 0);
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            return (length, false); // told when it is opened to be held
        }
    }
}
