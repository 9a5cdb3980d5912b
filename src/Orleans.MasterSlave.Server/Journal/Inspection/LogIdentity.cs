using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>Whose log a directory holds, as its files tell it together: one of them that is broken or another's must not hide what the others hold.</summary>
/// <param name="Node">The node; null when no file tells.</param>
/// <param name="File">What the file <c>node</c> says; null when it cannot be read.</param>
/// <param name="Finding">What is wrong with that file; null: nothing.</param>
internal sealed record LogIdentity(NodeId? Node, NodeFile? File, LogFinding? Finding)
{
    /// <summary>Reads it.</summary>
    /// <exception cref="LogFormatException">It is no log directory.</exception>
    public static LogIdentity Read(string directory, ReadOnlyFiles files)
    {
        var path = Path.Combine(directory, NodeFile.FileName);
        if (!files.Exists(path) && !LogDirectory.HasSegments(directory, files))
            throw new LogFormatException($"'{directory}' is no log directory: it has no file '{NodeFile.FileName}' and no segments.");
        var (file, finding) = ReadFile(path, files);

        // The word of most files is taken; in doubt, that of the node's own.
        var told = Tell(directory, files);
        if (file is not null) told.Insert(0, file.Node);
        if (told.Count == 0) return new LogIdentity(null, null, finding);
        var node = told.GroupBy(each => each).MaxBy(same => same.Count())!.Key;
        if (file is not null && file.Node != node) finding = LogFinding.Damage(path, $"it is node {file.Node}'s, but the log is node {node}'s. Put the right file back.");
        return new LogIdentity(node, file, finding);
    }

    private static (NodeFile? File, LogFinding? Finding) ReadFile(string path, ReadOnlyFiles files)
    {
        try
        {
            return (files.Exists(path) ? NodeFile.Read(files, path) : throw LogDirectory.NodeMissing(path), null);
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex))
        {
            return (null, LogFinding.Of(ex, path));
        }
    }

    private static List<NodeId> Tell(string directory, ReadOnlyFiles files)
    {
        List<NodeId> told = [];
        Ask(() => SegmentManifest.Read(files, directory, null).Node);
        foreach (var number in SegmentHeader.NumbersIn(directory, files))
            Ask(() => SegmentHeader.Read(files, Path.Combine(directory, SegmentHeader.FileName(number)), null, number)?.Node);
        return told;

        void Ask(Func<NodeId?> file)
        {
            try
            {
                if (file() is { } node) told.Add(node);
            }
            catch (Exception ex) when (FileErrors.IsUnreadable(ex))
            {
                // It tells nothing. What is wrong with it is found when it is read for itself.
            }
        }
    }
}
