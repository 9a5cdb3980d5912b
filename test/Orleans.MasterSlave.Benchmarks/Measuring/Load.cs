namespace Orleans.MasterSlave.Benchmarks.Measuring;

/// <summary>How many callers call how many grains. Each caller waits for an answer before it calls again.</summary>
internal sealed record Load(int Callers, int Grains)
{
    public const int HotCallers = 64;

    public static Load OneGrainEach(int callers) => new(callers, callers);

    /// <summary>All callers on one grain.</summary>
    public static Load Hot { get; } = new(HotCallers, 1);

    public bool IsHot => Callers > Grains;

    public override string ToString() => IsHot ? $"one hot grain, {Callers} callers" : Callers == 1 ? "1 caller" : $"{Callers} callers";
}
