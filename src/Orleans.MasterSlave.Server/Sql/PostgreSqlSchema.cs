namespace Orleans.MasterSlave;

/// <summary>
/// The tables and queries that Orleans' AdoNet persistence and clustering need in PostgreSQL: those packages bring none along.
/// </summary>
public static class PostgreSqlSchema
{
    private const string Resource = "Orleans.MasterSlave.Sql.PostgreSQL.sql";

    /// <summary>
    /// Gets the SQL script, for PostgreSQL 11 or later. Run it on the database before the first silo starts; it may be run again at any
    /// time, keeps all rows, and replaces the queries of an older version. The package carries the same text as the file
    /// <c>PostgreSQL.sql</c>.
    /// </summary>
    public static string Script { get; } = Read();

    private static string Read()
    {
        using var stream = typeof(PostgreSqlSchema).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The resource '{Resource}' is missing from the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
