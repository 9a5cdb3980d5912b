using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.MasterSlave.TestKit;

/// <summary>A storage that takes different keys for one, as some do.</summary>
public sealed class FoldingStorage(IGrainStorage inner, Func<string, string> fold) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ReadStateAsync(stateName, Folded(grainId), grainState);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.WriteStateAsync(stateName, Folded(grainId), grainState);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ClearStateAsync(stateName, Folded(grainId), grainState);

    private GrainId Folded(GrainId id) => GrainId.Create(id.Type, fold(id.Key.ToString()!));
}
