namespace Orleans.MasterSlave.Simulated.World;

/// <summary>What happened, folded into one number; kept as text too when somebody wants to read it.</summary>
internal sealed class SimTrace(bool keep)
{
    private const ulong Prime = 1099511628211;
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);

    public ulong Hash { get; private set; } = 14695981039346656037;
    public List<string> Lines { get; } = [];
    public IReadOnlyDictionary<string, long> Counts => _counts;

    public void Add(long time, string what, long a = 0, long b = 0, long c = 0, object? detail = null)
    {
        foreach (var letter in what) Fold(letter);
        Fold((ulong)time);
        Fold((ulong)a);
        Fold((ulong)b);
        Fold((ulong)c);
        if (keep) Lines.Add($"{time / (double)TimeSpan.TicksPerSecond,10:F4} {what} {a} {b} {c} {detail}");
    }

    public void Count(string what)
    {
        _counts.TryGetValue(what, out var before);
        _counts[what] = before + 1;
    }

    private void Fold(ulong value)
    {
        for (var i = 0; i < 8; i++)
        {
            Hash = (Hash ^ (value & 0xff)) * Prime;
            value >>= 8;
            if (value == 0) break;
        }
    }
}
