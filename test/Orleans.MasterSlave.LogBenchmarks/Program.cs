// The silo's log alone, beside FasterLog. --help tells the options; docs/performance.md the figures and how each is used.
using Orleans.MasterSlave.Benchmarks.Report;
using Orleans.MasterSlave.LogBenchmarks;
using Orleans.MasterSlave.LogBenchmarks.Modes;

if (args.Contains("--help"))
{
    Console.WriteLine(LogBenchmarkOptions.Help);
    return 0;
}

LogBenchmarkOptions options;
try
{
    options = LogBenchmarkOptions.Parse(args);
}
catch (FormatException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}

var folder = Directory.CreateDirectory(Path.Combine(options.Directory, $"masterslave-log-benchmark-{Environment.ProcessId}"));
try
{
    Console.WriteLine($"{Environment.ProcessorCount} cores, logs on {new DriveInfo(folder.FullName).DriveFormat}, load {SystemLoad.Average()} before the run");
    await (options.Mode switch
    {
        Mode.Startup => Startup.RunAsync(options, folder.FullName),
        Mode.ManyGroups => ManyGroups.RunAsync(options, folder.FullName),
        Mode.Snapshots => Snapshots.RunAsync(options, folder.FullName),
        _ => Append.RunAsync(options, folder.FullName),
    });
    Console.WriteLine($"load {SystemLoad.Average()} after the run");
    return 0;
}
finally
{
    folder.Delete(recursive: true);
}
