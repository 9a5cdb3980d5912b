using Orleans.MasterSlave.Benchmarks.Grains;
using Orleans.MasterSlave.Benchmarks.Measuring;

namespace Orleans.MasterSlave.Benchmarks.Contenders;

/// <summary>One of the things that are compared: makes its grains ready, and calls them.</summary>
internal abstract class Contender(string name)
{
    private const int PreparedAtOnce = 8;

    public string Name => name;

    protected static byte[] Content { get; } = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];

    public virtual bool Takes(Load load) => !load.IsHot;

    /// <summary>Makes fresh grains ready: where a grain comes to be, and the way to it, are a matter of luck that changes from round to round.</summary>
    /// <returns>A call for each caller.</returns>
    public async Task<IReadOnlyList<Func<Task>>> PrepareAsync(Load load, string run)
    {
        var boxes = new IBox[load.Grains];
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = PreparedAtOnce };
        await Parallel.ForAsync(0, boxes.Length, atOnce, async (i, _) => boxes[i] = await PrepareAsync($"{run}-{i}", i));
        return [.. Enumerable.Range(0, load.Callers).Select(caller => boxes[caller % boxes.Length]).Select(box => (Func<Task>)(() => CallAsync(box)))];
    }

    /// <param name="key">Of the grain.</param>
    /// <param name="number">Of the grain among those of its load.</param>
    protected abstract Task<IBox> PrepareAsync(string key, int number);

    protected virtual Task CallAsync(IBox box) => box.Put(Content);
}
