using Orleans.MasterSlave.Benchmarks.Contenders;

namespace Orleans.MasterSlave.Benchmarks.Measuring;

/// <summary>Contenders side by side: under each load each is measured for a short time, in turn, and all that again in each round, another one first.</summary>
internal sealed class Contest(IReadOnlyList<Contender> contenders, IReadOnlyList<Load> loads)
{
    private static readonly TimeSpan FirstWarmUp = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly Load _firstLoad = Load.OneGrainEach(16);

    private readonly Dictionary<(Contender, Load), Rounds> _results = [];

    public IReadOnlyList<Contender> Contenders => contenders;
    public IReadOnlyList<Load> Loads => loads;

    public Rounds? Of(Contender contender, Load? load) => load is not null && _results.TryGetValue((contender, load), out var rounds) ? rounds : null;

    public Load? LoadOf(int callers) => loads.FirstOrDefault(load => !load.IsHot && load.Callers == callers);

    /// <param name="rounds">How often.</param>
    /// <param name="duration">Measured time of each sample.</param>
    /// <param name="progress">Told of each sample.</param>
    public async Task RunAsync(int rounds, TimeSpan duration, Action<string> progress)
    {
        foreach (var contender in contenders)
        {
            progress($"warm-up: {contender.Name}");
            await ClosedLoop.RunAsync(await contender.PrepareAsync(_firstLoad, "warm-up"), FirstWarmUp, TimeSpan.FromMilliseconds(100));
        }

        for (var round = 0; round < rounds; round++)
        {
            foreach (var load in loads)
            {
                foreach (var contender in contenders.Skip(round % contenders.Count).Concat(contenders.Take(round % contenders.Count)).Where(c => c.Takes(load)))
                {
                    var sample = await ClosedLoop.RunAsync(await contender.PrepareAsync(load, $"{round}-{load.Callers}-{load.Grains}"), WarmUp, duration);
                    if (!_results.TryGetValue((contender, load), out var all)) _results[(contender, load)] = all = new Rounds();
                    all.Add(sample);
                    progress($"round {round + 1} of {rounds}: {load}: {contender.Name}: {sample.PerSecond:0}/s{(sample.Failed > 0 ? $", {sample.Failed} failed" : "")}");
                }
            }
        }
    }
}
