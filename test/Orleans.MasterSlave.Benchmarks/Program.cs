// Replicated writes beside a grain on PostgreSQL and a chain of two silos, in one run. --help tells the options; docs/performance.md the figures.
using Orleans.MasterSlave.Benchmarks;
using Orleans.MasterSlave.Benchmarks.Cluster;
using Orleans.MasterSlave.Benchmarks.Options;
using Orleans.MasterSlave.TestKit;

if (args is [SiloSettings.Verb, ..]) return await SiloMain.RunAsync(args);
if (args.Contains("--help"))
{
    Console.WriteLine(BenchmarkOptions.Help);
    return 0;
}

BenchmarkOptions options;
try
{
    options = BenchmarkOptions.Parse(args);
}
catch (FormatException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}

if (await PostgresDatabase.TryConnectAsync() is not { } postgres)
{
    Console.Error.WriteLine(PostgresDatabase.Missing);
    return 1;
}

using var directory = new TempDirectory();
await new BenchmarkRun(options, directory.Path, postgres).RunAsync();
return 0;
