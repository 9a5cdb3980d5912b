using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Npgsql;
using Orleans.MasterSlave.Benchmarks.Measuring;

namespace Orleans.MasterSlave.Benchmarks.Report;

/// <summary>What the figures were measured on.</summary>
internal static class Machine
{
    public static async Task<string> DescribeAsync(string directory, string postgres)
    {
        await using var source = NpgsqlDataSource.Create(postgres);
        await using var version = source.CreateCommand("SHOW server_version");
        var server = await version.ExecuteScalarAsync();
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores ({Processor()}), {memory:0} GiB; {RuntimeInformation.OSDescription}; logs on {new DriveInfo(directory).DriveFormat}, "
            + $"write of 128 bytes and flush: p50 {FlushMilliseconds(directory):0.00} ms; {RuntimeInformation.FrameworkDescription}; "
            + $"Orleans {OrleansVersion()}; PostgreSQL {server}");
    }

    private static string? OrleansVersion() =>
        typeof(Grain).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+', ' ')[0].TrimEnd('.');

    private static string Processor() => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown"
        : "unknown";

    private static double FlushMilliseconds(string directory)
    {
        using var file = File.OpenHandle(Path.Combine(directory, "flush"), FileMode.Create, FileAccess.Write, preallocationSize: 1 << 20);
        var latencies = new LatencyHistogram();
        for (var i = 0; i < 500; i++)
        {
            var start = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, new byte[128], i * 128);
            RandomAccess.FlushToDisk(file);
            latencies.Add(Stopwatch.GetTimestamp() - start);
        }

        return latencies.Quantile(0.5).TotalMilliseconds;
    }
}
