using Microsoft.Data.Sqlite;
using Orleans.Runtime;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace Orleans.MasterSlave.Sqlite;

/// <summary>
/// Grain states as rows. Strict on ETags: without one a write only inserts, with one it only touches the row that still has it, and a
/// clear deletes the row.
/// </summary>
internal sealed class SqliteGrainStorage(
    string name, string serviceId, SqliteStore store, IGrainStorageSerializer serializer, IActivatorProvider activators) : IGrainStorage
{
    private const string Key = "service_id = $service AND state_name = $state AND grain_id = $grain";

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = new RowKey(serviceId, stateName, grainId.ToString());
        var row = await store.ReadAsync(command => ReadRow(command, key));
        if (row is not (var etag, var payload))
        {
            SetAbsent(grainState);
            return;
        }

        grainState.State = serializer.Deserialize<T>(new BinaryData(payload)) ?? activators.GetActivator<T>().Create();
        grainState.ETag = SqliteStatements.FormatETag(etag);
        grainState.RecordExists = true;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = new RowKey(serviceId, stateName, grainId.ToString());
        var payload = serializer.Serialize(grainState.State).ToArray();
        var expected = grainState.ETag;
        var result = await store.WriteAsync(command => WriteRow(command, key, expected, payload));
        ThrowIfConflict("write", result, key, expected);
        grainState.ETag = SqliteStatements.FormatETag(result.ETag!.Value);
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = new RowKey(serviceId, stateName, grainId.ToString());
        var expected = grainState.ETag;
        var result = await store.WriteAsync(command => DeleteRow(command, key, expected));
        ThrowIfConflict("clear", result, key, expected);
        SetAbsent(grainState);
    }

    private void SetAbsent<T>(IGrainState<T> grainState)
    {
        grainState.State = activators.GetActivator<T>().Create();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private static (long ETag, byte[] Payload)? ReadRow(SqliteCommand command, RowKey key)
    {
        SetKeyed(command, $"SELECT etag, payload FROM grain_state WHERE {Key}", key);
        using var reader = command.ExecuteReader();
        return reader.Read() ? (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : null;
    }

    private static SwapResult WriteRow(SqliteCommand command, RowKey key, string? expected, byte[] payload)
    {
        var etag = command.NextETag();
        if (expected is null)
        {
            SetKeyed(command, """
                INSERT INTO grain_state (service_id, state_name, grain_id, etag, payload)
                VALUES ($service, $state, $grain, $etag, $payload) ON CONFLICT DO NOTHING
                """, key);
        }
        else
        {
            SetKeyed(command, $"UPDATE grain_state SET etag = $etag, payload = $payload WHERE {Key} AND etag = $expected", key);
            command.Parameters.AddWithValue("$expected", SqliteStatements.ParseETag(expected));
        }

        command.Parameters.AddWithValue("$etag", etag);
        command.Parameters.AddWithValue("$payload", payload);
        return command.ExecuteNonQuery() == 1 ? new(true, etag) : new(false, ReadETag(command, key));
    }

    private static SwapResult DeleteRow(SqliteCommand command, RowKey key, string? expected)
    {
        if (expected is null)
        {
            var stored = ReadETag(command, key);
            return new(stored is null, stored);
        }

        SetKeyed(command, $"DELETE FROM grain_state WHERE {Key} AND etag = $expected", key);
        command.Parameters.AddWithValue("$expected", SqliteStatements.ParseETag(expected));
        return command.ExecuteNonQuery() == 1 ? new(true, null) : new(false, ReadETag(command, key));
    }

    private static long? ReadETag(SqliteCommand command, RowKey key)
    {
        SetKeyed(command, $"SELECT etag FROM grain_state WHERE {Key}", key);
        return (long?)command.ExecuteScalar();
    }

    private static void SetKeyed(SqliteCommand command, string sql, RowKey key)
        => command.Set(sql, ("$service", key.ServiceId), ("$state", key.StateName), ("$grain", key.GrainId));

    private void ThrowIfConflict(string operation, SwapResult result, RowKey key, string? expected)
    {
        if (result.Done)
        {
            return;
        }

        var stored = result.ETag is { } etag ? SqliteStatements.FormatETag(etag) : null;
        throw new InconsistentStateException(
            $"Cannot {operation} state '{key.StateName}' of grain '{key.GrainId}' in storage '{name}': the caller has ETag '{expected ?? "(none)"}', "
            + $"the store has '{stored ?? "(no row)"}'.", stored, expected);
    }

    private readonly record struct RowKey(string ServiceId, string StateName, string GrainId);

    /// <param name="Done">Whether the row was as expected, and was changed.</param>
    /// <param name="ETag">The row's ETag now; null when there is no row.</param>
    private readonly record struct SwapResult(bool Done, long? ETag);
}
