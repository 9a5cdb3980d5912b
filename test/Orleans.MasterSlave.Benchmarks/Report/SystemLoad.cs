namespace Orleans.MasterSlave.Benchmarks.Report;

internal static class SystemLoad
{
    /// <summary>Processes that ran or wanted to, on the average of the last minute.</summary>
    public static string Average() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
}
