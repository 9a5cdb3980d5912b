using System.Diagnostics;
using Xunit;

namespace Orleans.MasterSlave.StoreTests.Servers;

/// <summary>
/// A server of this test process alone, in a folder of its own. The shell around it waits on its input, which ends when this process does, whatever way
/// that happens; then server and folder go.
/// </summary>
internal static class ServerProcess
{
    private const string Script = """
        directory=$(mktemp -d /tmp/masterslave-server-XXXXXX)
        cd "$directory" || exit 1
        "$@" 2>&1 < /dev/null &
        server=$!
        trap 'kill $server; wait $server; rm -rf "$directory"' EXIT
        read -r _
        """;

    /// <summary>Starts a program, and reads what it writes until <paramref name="ready"/> has seen enough.</summary>
    /// <exception cref="Exception">The program is not installed: the test is skipped, or with <c>CI=true</c> failed.</exception>
    public static async Task StartAsync(string program, string remedy, IReadOnlyList<string> arguments, Func<string, bool> ready)
    {
        if (PathOf(program) is not { } path)
        {
            var missing = $"No {program}: {remedy}.";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", missing);
            Assert.Fail(missing);
            return;
        }

        var start = new ProcessStartInfo("sh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])["-c", Script, "server-for-tests", path, .. arguments]) start.ArgumentList.Add(argument);
        var server = Process.Start(start)!;
        List<string> output = [];
        while (await server.StandardOutput.ReadLineAsync() is { } line)
        {
            output.Add(line);
            if (!ready(line)) continue;
            Drain(server);
            return;
        }

        throw new InvalidOperationException($"{program} did not start:\n{string.Join('\n', output)}");
    }

    private static string? PathOf(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    /// <summary>Its log must not fill the pipe.</summary>
    private static async void Drain(Process server)
    {
        while (await server.StandardOutput.ReadLineAsync() is not null)
        {
        }
    }
}
