namespace Orleans.MasterSlave.LogWorker;

/// <summary>How many steps of each group are known to be durable.</summary>
internal sealed class Confirmed
{
    public static readonly Confirmed None = new();

    private readonly Dictionary<int, int> _steps = [];

    public int Of(int group) => _steps.GetValueOrDefault(group);

    /// <summary>Reads the lines "group step" of some files. A line that a kill cut short does not count.</summary>
    public static Confirmed Read(params IEnumerable<string> files)
    {
        var confirmed = new Confirmed();
        foreach (var text in files.Select(File.ReadAllText))
        {
            foreach (var line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)) confirmed.Add(line);
        }

        return confirmed;
    }

    public void Add(string line)
    {
        var parts = line.Split(' ');
        var (group, steps) = (int.Parse(parts[0]), int.Parse(parts[1]));
        _steps[group] = Math.Max(_steps.GetValueOrDefault(group), steps);
    }

    public static string Line(int group, int steps) => $"{group} {steps}";
}
