using System.Globalization;
using Microsoft.Data.Sqlite;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Sqlite;

/// <summary>Between a <see cref="MembershipEntry"/> and its columns. Times are UTC ticks (100 ns since year 1).</summary>
internal static class MembershipRow
{
    /// <summary>In the order in which <see cref="Read"/> takes them.</summary>
    public const string Columns =
        "m.silo, m.etag, m.status, m.suspect_times, m.proxy_port, m.host_name, m.silo_name, m.role_name, m.update_zone, m.fault_zone, m.start_time, m.alive_time";

    public static (string Name, object? Value)[] Parameters(string clusterId, MembershipEntry entry, long etag) =>
    [
        ("$cluster", clusterId),
        ("$silo", entry.SiloAddress.ToParsableString()),
        ("$etag", etag),
        ("$status", (int)entry.Status),
        ("$suspects", FormatSuspects(entry.SuspectTimes)),
        ("$proxy_port", entry.ProxyPort),
        ("$host", entry.HostName),
        ("$name", entry.SiloName),
        ("$role", entry.RoleName),
        ("$update_zone", entry.UpdateZone),
        ("$fault_zone", entry.FaultZone),
        ("$start", entry.StartTime.Ticks),
        ("$alive", entry.IAmAliveTime.Ticks),
    ];

    /// <param name="reader">Stands on a row.</param>
    /// <param name="first">Position of the first of <see cref="Columns"/>.</param>
    public static Tuple<MembershipEntry, string> Read(SqliteDataReader reader, int first)
    {
        var entry = new MembershipEntry
        {
            SiloAddress = SiloAddress.FromParsableString(reader.GetString(first)),
            Status = (SiloStatus)reader.GetInt32(first + 2),
            SuspectTimes = ParseSuspects(Text(reader, first + 3)),
            ProxyPort = reader.GetInt32(first + 4),
            HostName = Text(reader, first + 5)!,
            SiloName = Text(reader, first + 6)!,
            RoleName = Text(reader, first + 7),
            UpdateZone = reader.GetInt32(first + 8),
            FaultZone = reader.GetInt32(first + 9),
            StartTime = Time(reader.GetInt64(first + 10)),
            IAmAliveTime = Time(reader.GetInt64(first + 11)),
        };
        return Tuple.Create(entry, SqliteStatements.FormatETag(reader.GetInt64(first + 1)));
    }

    /// <summary>The latest sign that something happened to the silo: its start, its last report, or a vote against it.</summary>
    public static DateTime LastUpdate(MembershipEntry entry)
    {
        var last = entry.StartTime > entry.IAmAliveTime ? entry.StartTime : entry.IAmAliveTime;
        foreach (var (_, voted) in entry.SuspectTimes ?? [])
        {
            last = voted > last ? voted : last;
        }

        return DateTime.SpecifyKind(last, DateTimeKind.Utc);
    }

    private static string? Text(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static DateTime Time(long ticks) => new(ticks, DateTimeKind.Utc);

    private static string? FormatSuspects(List<Tuple<SiloAddress, DateTime>>? suspects)
        => suspects is null
            ? null
            : string.Join('|', suspects.Select(vote => string.Create(CultureInfo.InvariantCulture, $"{vote.Item1.ToParsableString()},{vote.Item2.Ticks}")));

    private static List<Tuple<SiloAddress, DateTime>>? ParseSuspects(string? text)
        => text?.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(ParseVote).ToList();

    private static Tuple<SiloAddress, DateTime> ParseVote(string text)
    {
        var comma = text.LastIndexOf(',');
        return Tuple.Create(
            SiloAddress.FromParsableString(text[..comma]), Time(long.Parse(text.AsSpan(comma + 1), CultureInfo.InvariantCulture)));
    }
}
