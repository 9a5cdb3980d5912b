using Orleans.Storage;

namespace Orleans.MasterSlave.Group;

/// <summary>
/// One kind of row in any grain storage that honours ETags. A conflict is told by InconsistentStateException; anything else leaves the outcome open.
/// </summary>
/// <remarks>
/// Calls begin on the thread pool: a provider that blocks its thread must not block the coordinators of all groups, which share one scheduler.
/// </remarks>
internal sealed class StorageRows<TRow>(IGrainStorage storage, string stateName)
    where TRow : class, new()
{
    /// <summary>The row as it stands; an empty one that does not exist when there is none.</summary>
    public async Task<GrainState<TRow>> ReadAsync(GrainId row)
    {
        var state = new GrainState<TRow>(new TRow());
        await Task.Run(() => storage.ReadStateAsync(stateName, row, state));
        state.State ??= new TRow();
        return state;
    }

    /// <summary>Writes the row if it still has that ETag, or, without one, if there is none yet. As written; null: it has moved on, and nothing was written.</summary>
    public async Task<GrainState<TRow>?> TryWriteAsync(GrainId row, TRow next, string? expectedETag)
    {
        var state = new GrainState<TRow>(next, expectedETag) { RecordExists = expectedETag is not null };
        try
        {
            await Task.Run(() => storage.WriteStateAsync(stateName, row, state));
        }
        catch (InconsistentStateException)
        {
            return null;
        }

        return state;
    }

    public Task ClearAsync(GrainId row, GrainState<TRow> last) => Task.Run(() => storage.ClearStateAsync(stateName, row, last));
}
