using System.Globalization;
using Bank.Options;

namespace Bank.Load;

/// <summary>Reads transfers from lines of <c>id,from,to,amount</c>. A first line of these very words is taken as a header; empty lines are passed over.</summary>
internal static class TransferFile
{
    public const string Header = "id,from,to,amount";

    /// <summary>Keeps every sum of a file exact: a decimal holds 28 digits.</summary>
    private const decimal MaxAmount = 1_000_000_000_000m;

    private const int MaxNameLength = 64;

    /// <param name="path">The file.</param>
    /// <param name="maxAccounts">The most accounts that the file may name; null: any number.</param>
    /// <exception cref="UsageException">The file cannot be read, or a line, which the message names by its number, is malformed.</exception>
    public static IReadOnlyList<Transfer> Read(string path, int? maxAccounts = null)
    {
        try
        {
            return Parse(File.ReadLines(path), path, maxAccounts);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UsageException($"{path}: cannot be read: {e.Message}");
        }
    }

    public static IReadOnlyList<Transfer> Parse(IEnumerable<string> lines, string name, int? maxAccounts = null)
    {
        var transfers = new List<Transfer>();
        var lineOfId = new Dictionary<string, int>(StringComparer.Ordinal);
        var accounts = new HashSet<string>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (number == 1 && line.Trim() == Header) continue;
            if (!TryParse(line, out var transfer, out var why)) throw Malformed(why);
            if (!lineOfId.TryAdd(transfer.Id, number)) throw Malformed($"transfer '{transfer.Id}' was in line {lineOfId[transfer.Id]} already");
            accounts.Add(transfer.From);
            accounts.Add(transfer.To);
            if (accounts.Count > maxAccounts) throw Malformed($"names more accounts than --accounts {maxAccounts} allows");
            transfers.Add(transfer);
        }
        return transfers.Count > 0 ? transfers : throw new UsageException($"{name}: there are no transfers in it.");

        UsageException Malformed(string why) => new($"{name}, line {number}: {why}. A line is {Header}, for example 17,alice,bob,12.50.");
    }

    public static void Write(string path, IEnumerable<Transfer> transfers)
    {
        using var writer = new StreamWriter(path) { NewLine = "\n" };
        writer.WriteLine(Header);
        foreach (var transfer in transfers)
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{transfer.Id},{transfer.From},{transfer.To},{transfer.Amount:0.00}"));
    }

    private static bool TryParse(string line, out Transfer transfer, out string why)
    {
        transfer = null!;
        var fields = line.Split(',', StringSplitOptions.TrimEntries);
        why = fields.Length != 4 ? $"has {fields.Length} fields, not 4"
            : !IsName(fields[0]) ? $"the id '{fields[0]}' is not 1 to {MaxNameLength} printable characters"
            : !IsName(fields[1]) ? $"the account '{fields[1]}' is not 1 to {MaxNameLength} printable characters"
            : !IsName(fields[2]) ? $"the account '{fields[2]}' is not 1 to {MaxNameLength} printable characters"
            : fields[1] == fields[2] ? $"'{fields[1]}' pays itself"
            : "";
        if (why.Length > 0) return false;
        if (!decimal.TryParse(fields[3], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) || amount <= 0 || amount > MaxAmount)
        {
            why = $"the amount '{fields[3]}' is not a number above 0, at most {MaxAmount.ToString(CultureInfo.InvariantCulture)}, with a point for decimals";
            return false;
        }
        transfer = new Transfer(fields[0], fields[1], fields[2], amount);
        return true;
    }

    private static bool IsName(string text) => text.Length is > 0 and <= MaxNameLength && !text.Any(c => char.IsControl(c) || c == '"');
}
