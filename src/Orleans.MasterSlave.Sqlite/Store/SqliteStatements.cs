using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Orleans.MasterSlave.Sqlite;

internal static class SqliteStatements
{
    /// <summary>Makes <paramref name="command"/> the given statement; a value's <see langword="null"/> is bound as NULL.</summary>
    public static SqliteCommand Set(this SqliteCommand command, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        command.CommandText = sql;
        command.Parameters.Clear();
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }

    /// <summary>A number that no row of this file has had as its ETag.</summary>
    public static long NextETag(this SqliteCommand command)
        => (long)command.Set("UPDATE etag_sequence SET last = last + 1 WHERE id = 1 RETURNING last").ExecuteScalar()!;

    public static string FormatETag(long etag) => etag.ToString(CultureInfo.InvariantCulture);

    /// <summary>The number in an ETag that this library gave out; -1, which no row has, for any other text.</summary>
    public static long ParseETag(string? etag)
        => long.TryParse(etag, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
}
