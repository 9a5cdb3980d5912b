using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Journal;

/// <summary>What recovery found.</summary>
internal sealed class RecoveryResult
{
    public Dictionary<GroupId, RecoveredGroup> Groups { get; } = [];

    /// <summary>Damage of which it cannot be told whose records it took; null when there is none. Touches every group not in <see cref="Whole"/>.</summary>
    public LogDamagedException? UnknownDamage { get; set; }

    /// <summary>Groups for which a later record says everything, whatever <see cref="UnknownDamage"/> took.</summary>
    public HashSet<GroupId> Whole { get; } = [];

    /// <summary>The lowest segment with damage.</summary>
    public long FirstDamagedSegment { get; set; } = long.MaxValue;

    /// <summary>A torn batch may have held records of groups that nothing else is known of.</summary>
    public bool TornUnknown { get; set; }

    /// <summary>Where the record lies that says so; kept as long as the log.</summary>
    public RecordPlace TornUnknownPlace { get; set; }

    /// <summary>Each place where something is wrong, in the order in which it was found.</summary>
    public List<LogFinding> Findings { get; } = [];
}

/// <summary>A place in a file where something is wrong.</summary>
/// <param name="File">The file's path.</param>
/// <param name="Offset">Where in it, in bytes.</param>
/// <param name="Group">The group touched; null when it cannot be told, or any may be.</param>
/// <param name="What">What is wrong.</param>
/// <param name="IsDamage">False for a torn tail, of which nobody was told that it was durable, and for what could not be read.</param>
internal sealed record LogFinding(string File, long Offset, GroupId? Group, string What, bool IsDamage)
{
    /// <summary>It may be whole, but this version, this user, or this disk cannot read it.</summary>
    public bool IsUnread { get; private init; }

    /// <summary>Where the stretch ends that is wrong; the offset itself when that is not known.</summary>
    public long End { get; init; } = Offset;

    /// <summary>A whole file is wrong.</summary>
    public static LogFinding Damage(string file, string what) => new(file, 0, null, what, IsDamage: true);

    /// <summary>The disk does not read a file to its end.</summary>
    public static LogFinding UnreadFrom(string file, long offset, Exception error) =>
        new(file, offset, null, $"the disk does not read it from here on: {error.Message}", IsDamage: false) { IsUnread = true };

    /// <summary>What an error says that reading a file ended with: its type tells damage from what this version, this user or this disk cannot read.</summary>
    public static LogFinding Of(Exception error, string file) => error switch
    {
        LogDamagedException damage => new LogFinding(damage.File, damage.Offset, damage.Group, damage.Message, IsDamage: true),
        LogDirectoryMismatchException => Damage(file, error.Message),
        LogReadException unread => UnreadFrom(unread.File, unread.Offset, unread.InnerException!),
        _ => new LogFinding(file, 0, null, error.Message, IsDamage: false) { IsUnread = true },
    };
}

/// <summary>Takes one sound record of the log.</summary>
/// <param name="header">Its fixed part.</param>
/// <param name="record">The whole record.</param>
/// <param name="segment">The segment that it lies in.</param>
/// <param name="offset">Where in the segment it begins.</param>
/// <param name="confirmed">False in the last batch, which may never have been confirmed.</param>
internal delegate void RecordSeen(in RecordHeader header, ReadOnlySpan<byte> record, long segment, long offset, bool confirmed);
