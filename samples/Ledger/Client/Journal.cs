using System.Globalization;

namespace Ledger.Client;

/// <summary>What was booked and acknowledged, a line each: version of the client, account, id, amount.</summary>
internal sealed class Journal(string folder)
{
    private readonly Lock _lock = new();

    /// <summary>The load ends when somebody makes this file.</summary>
    public string StopFile => Path.Combine(folder, "stop");

    private string Bookings => Path.Combine(folder, "bookings");

    public static int Version => typeof(Journal).Assembly.GetName().Version!.Major;

    public void Add(string account, Guid id, decimal amount)
    {
        lock (_lock) File.AppendAllText(Bookings, string.Create(CultureInfo.InvariantCulture, $"{Version};{account};{id};{amount}\n"));
    }

    public IReadOnlyList<Acknowledged> Read() =>
    [
        .. File.ReadLines(Bookings).Select(line => line.Split(';'))
            .Select(f => new Acknowledged(int.Parse(f[0], CultureInfo.InvariantCulture), f[1], Guid.Parse(f[2]), decimal.Parse(f[3], CultureInfo.InvariantCulture))),
    ];
}

/// <summary>One booking that was answered.</summary>
/// <param name="Version">Of the client: version 1 books without fees, version 2 after they began.</param>
internal sealed record Acknowledged(int Version, string Account, Guid Id, decimal Amount);
