using System.Globalization;
using System.Text;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Node;

/// <summary>
/// The longest promotion wait by which this node may have granted a lease that still lasts, kept in the log folder: after a restart with a shorter wait, it is
/// the longer one that binds (L4).
/// </summary>
internal sealed class GrantedWait(LogDirectory directory, TimeProvider time)
{
    public const string FileName = "promotion-wait";

    /// <summary>What an earlier life may have granted; zero: there was none. From now on, what this one grants is covered too.</summary>
    /// <exception cref="LogDamagedException">The file cannot be read.</exception>
    public TimeSpan Begin(TimeSpan own)
    {
        var path = System.IO.Path.Combine(directory.Path, FileName);
        var earlier = directory.Files.Exists(path) ? Parse(path) : TimeSpan.Zero;
        if (own > earlier) Write(own);
        return earlier;
    }

    /// <summary>Forgets a longer wait of an earlier life when its leases have ended.</summary>
    public async Task ForgetAsync(TimeSpan earlier, TimeSpan own, CancellationToken stopped)
    {
        if (earlier <= own) return;
        await Task.Delay(earlier, time, stopped);
        Write(own);
    }

    private TimeSpan Parse(string path) =>
        long.TryParse(Encoding.UTF8.GetString(AtomicFile.Read(directory.Files, path)), NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            ? TimeSpan.FromTicks(ticks)
            : throw new LogDamagedException($"'{path}' is damaged. Delete it when this node has been stopped for longer than any PromotionWait that it ever had.", path, 0, null);

    private void Write(TimeSpan wait) =>
        AtomicFile.Write(directory.Files, directory.Path, FileName, Encoding.UTF8.GetBytes(wait.Ticks.ToString(CultureInfo.InvariantCulture)));
}
