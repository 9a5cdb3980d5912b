using System.Diagnostics;
using Bank.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Tests.Journal;
using Orleans.MasterSlave.Tool;
using Orleans.Serialization.Invocation;

namespace Orleans.MasterSlave.Tests.Tool;

/// <summary>One run of the tool, and logs for it to look at.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Error)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public static Task<ToolRun> OfAsync(params string[] args) => OnAsync(DiskFiles.ForReading, args);

    /// <summary>On a disk of its own.</summary>
    public static Task<ToolRun> OnAsync(ILogFiles disk, params string[] args) => AtAsync(new FakeTimeProvider(), disk, args);

    /// <summary>With a clock of its own; the others' stands still.</summary>
    public static async Task<ToolRun> AtAsync(TimeProvider time, ILogFiles disk, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await ToolCommand.RunAsync(args, new ToolHost(output, error, time, disk));
        return new ToolRun(code, output.ToString(), error.ToString());
    }

    /// <summary>In a process of its own, as it is installed: nothing of this test is loaded there. Without progress, which a slow machine may see.</summary>
    public static async Task<ToolRun> OfProcessAsync(params string[] args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "masterslave-log.dll") },
        };
        foreach (var arg in args) start.ArgumentList.Add(arg);
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        var errors = (await error).Split('\n').Where(line => !line.StartsWith("reading  ", StringComparison.Ordinal));
        return new ToolRun(process.ExitCode, await output, string.Join('\n', errors));
    }

    /// <summary>Services of a client that never starts, which know the Bank's grains.</summary>
    public static IHost Client() => new HostBuilder().UseOrleansClient(client => client.UseLocalhostClustering().AddMasterSlave()).Build();

    /// <summary>A deposit as a client writes it.</summary>
    public static byte[] Deposit(IServiceProvider client, string transferId, decimal amount)
    {
        var request = typeof(IAccountGrain).Assembly.GetTypes()
            .Where(type => typeof(IInvokable).IsAssignableFrom(type) && !type.IsAbstract)
            .Select(type => (IInvokable)ActivatorUtilities.CreateInstance(client, type))
            .Single(request => request.GetInterfaceType() == typeof(IAccountGrain) && request.GetMethodName() == nameof(IAccountGrain.Deposit));
        request.SetArgument(0, transferId);
        request.SetArgument(1, amount);
        return client.GetRequiredService<CallSerializer>().SerializeOperation(request);
    }

    public static LogEntry Entry(long epoch, long index, byte[] payload) => new()
    {
        Kind = EntryKind.Operation,
        Position = LogFixture.At(epoch, index),
        TimeUtc = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(index),
        Request = new RequestId(new Guid("aaaaaaaa-0000-0000-0000-000000000001"), index),
        Payload = payload,
    };

    /// <summary>Everything in a folder, as text, so that a change shows.</summary>
    public static string Fingerprint(string folder) => string.Join('\n', Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)
        .Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O} {(File.Exists(path) && Path.GetFileName(path) != "lock" ? Convert.ToHexString(System.IO.Hashing.XxHash3.Hash(ReadShared(path))) : "")}"));

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }
}
