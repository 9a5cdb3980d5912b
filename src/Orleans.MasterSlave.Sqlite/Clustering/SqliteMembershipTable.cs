using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Sqlite;

/// <summary>
/// Membership as rows: one per silo, and one per cluster for the table's version. A changed silo row and the version it was decided on
/// move in one transaction.
/// </summary>
internal sealed class SqliteMembershipTable(
    SqliteStores stores, IOptions<SqliteClusteringOptions> options, IOptions<ClusterOptions> cluster) : IMembershipTable
{
    private readonly string _clusterId = cluster.Value.ClusterId;
    private readonly Lazy<SqliteStore> _store = new(() => stores.Get(options.Value)); // Orleans makes this object before it validates options

    public Task InitializeMembershipTable(bool tryInitTableVersion)
        => tryInitTableVersion
            ? _store.Value.WriteAsync(InsertVersion)
            : _store.Value.ReadAsync(command => command.Set("SELECT 1").ExecuteScalar());

    public Task<MembershipTableData> ReadRow(SiloAddress key) => _store.Value.ReadAsync(command => Read(command, key));

    public Task<MembershipTableData> ReadAll() => _store.Value.ReadAsync(command => Read(command, null));

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(tableVersion);
        var values = MembershipRow.Parameters(_clusterId, entry, etag: 0);
        return _store.Value.WriteAsync(command => Swap(command, tableVersion, values, expected: null));
    }

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(tableVersion);
        var values = MembershipRow.Parameters(_clusterId, entry, etag: 0);
        var expected = SqliteStatements.ParseETag(etag);
        return _store.Value.WriteAsync(command => Swap(command, tableVersion, values, expected));
    }

    public Task UpdateIAmAlive(MembershipEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var (silo, alive) = (entry.SiloAddress.ToParsableString(), entry.IAmAliveTime.Ticks);
        return _store.Value.WriteAsync(command => command
            .Set("UPDATE membership SET alive_time = $alive WHERE cluster_id = $cluster AND silo = $silo",
                ("$alive", alive), ("$cluster", _clusterId), ("$silo", silo))
            .ExecuteNonQuery());
    }

    public Task DeleteMembershipTableEntries(string clusterId)
        => _store.Value.WriteAsync(command => command
            .Set("DELETE FROM membership WHERE cluster_id = $cluster; DELETE FROM membership_version WHERE cluster_id = $cluster",
                ("$cluster", clusterId))
            .ExecuteNonQuery());

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate)
        => _store.Value.WriteAsync(command =>
        {
            var defunct = Read(command, null).Members
                .Where(member => member.Item1.Status == SiloStatus.Dead && MembershipRow.LastUpdate(member.Item1) < beforeDate.UtcDateTime)
                .Select(member => member.Item1.SiloAddress.ToParsableString())
                .ToList();
            foreach (var silo in defunct)
            {
                command.Set("DELETE FROM membership WHERE cluster_id = $cluster AND silo = $silo", ("$cluster", _clusterId), ("$silo", silo))
                    .ExecuteNonQuery();
            }

            return defunct.Count;
        });

    private int InsertVersion(SqliteCommand command)
    {
        var etag = command.NextETag();
        return command
            .Set("INSERT INTO membership_version (cluster_id, version, etag) VALUES ($cluster, 0, $etag) ON CONFLICT DO NOTHING",
                ("$cluster", _clusterId), ("$etag", etag))
            .ExecuteNonQuery();
    }

    /// <summary>Version and rows come from one statement: they belong together.</summary>
    private MembershipTableData Read(SqliteCommand command, SiloAddress? only)
    {
        command.Set($"""
            SELECT v.version, v.etag, {MembershipRow.Columns}
            FROM membership_version v LEFT JOIN membership m ON m.cluster_id = v.cluster_id AND ($silo IS NULL OR m.silo = $silo)
            WHERE v.cluster_id = $cluster
            """, ("$silo", only?.ToParsableString()), ("$cluster", _clusterId));
        using var reader = command.ExecuteReader();
        var version = new TableVersion(0, "0"); // no table yet: matches no ETag
        var members = new List<Tuple<MembershipEntry, string>>();
        while (reader.Read())
        {
            version = new TableVersion(reader.GetInt32(0), SqliteStatements.FormatETag(reader.GetInt64(1)));
            if (!reader.IsDBNull(2))
            {
                members.Add(MembershipRow.Read(reader, first: 2));
            }
        }

        return new MembershipTableData(members, version);
    }

    /// <summary>Inserts (<paramref name="expected"/> null) or replaces a silo's row and moves the version on; or does neither.</summary>
    private bool Swap(SqliteCommand command, TableVersion next, (string Name, object? Value)[] values, long? expected)
    {
        // Both conditions are looked at before anything is changed, since other writes share the transaction and it cannot be rolled back.
        var silo = values.Single(value => value.Name == "$silo").Value;
        var row = (long?)command
            .Set("SELECT etag FROM membership WHERE cluster_id = $cluster AND silo = $silo", ("$cluster", _clusterId), ("$silo", silo))
            .ExecuteScalar();
        var version = (long?)command
            .Set("SELECT etag FROM membership_version WHERE cluster_id = $cluster", ("$cluster", _clusterId))
            .ExecuteScalar();
        if (row != expected || version is null || version != SqliteStatements.ParseETag(next.VersionEtag))
        {
            return false;
        }

        var etag = command.NextETag();
        command
            .Set("UPDATE membership_version SET version = $version, etag = $etag WHERE cluster_id = $cluster",
                ("$version", next.Version), ("$etag", etag), ("$cluster", _clusterId))
            .ExecuteNonQuery();
        command
            .Set("""
                INSERT OR REPLACE INTO membership (cluster_id, silo, etag, status, suspect_times, proxy_port, host_name, silo_name,
                    role_name, update_zone, fault_zone, start_time, alive_time)
                VALUES ($cluster, $silo, $etag, $status, $suspects, $proxy_port, $host, $name,
                    $role, $update_zone, $fault_zone, $start, $alive)
                """, values);
        command.Parameters["$etag"].Value = etag;
        command.ExecuteNonQuery();
        return true;
    }
}
