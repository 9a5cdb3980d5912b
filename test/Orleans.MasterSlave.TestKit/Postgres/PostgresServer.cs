using System.Diagnostics;

namespace Orleans.MasterSlave.TestKit;

/// <summary>
/// A private PostgreSQL server: an empty data directory, reached by a Unix socket in it, gone with this process. The shell around it waits on
/// its input, which ends when this process does, whatever way that happens.
/// </summary>
internal static class PostgresServer
{
    private const string Script = """
        directory=$(mktemp -d /tmp/masterslave-postgres-XXXXXX)
        trap 'rm -rf "$directory"' EXIT
        cd "$directory"
        "$1/initdb" -D data -U postgres -A trust -E UTF8 --locale=C > initdb.log 2>&1 || { cat initdb.log; exit 1; }
        echo "directory $directory"
        "$1/postgres" -D data -k "$directory" -c listen_addresses= -c max_connections=200 2>&1 < /dev/null &
        server=$!
        read -r _
        kill -INT $server
        wait $server
        """;

    /// <summary>The newest installed server's programs; null when there is none.</summary>
    public static string? FindBinaries()
    {
        const string root = "/usr/lib/postgresql";
        return !Directory.Exists(root)
            ? null
            : Directory.GetDirectories(root)
                .OrderByDescending(version => double.TryParse(Path.GetFileName(version), out var number) ? number : 0)
                .Select(version => Path.Combine(version, "bin"))
                .FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")) && File.Exists(Path.Combine(bin, "postgres")));
    }

    /// <returns>Connection string of the server, which is ready.</returns>
    public static async Task<string> StartAsync(string binaries)
    {
        var start = new ProcessStartInfo { RedirectStandardInput = true, RedirectStandardOutput = true };
        string[] command = ["sh", "-c", Script, "postgres-for-tests", binaries];
        if (Environment.UserName == "root")
        {
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", .. command]; // it refuses to run as root
        }

        start.FileName = command[0];
        foreach (var argument in command[1..])
        {
            start.ArgumentList.Add(argument);
        }

        var server = Process.Start(start)!;
        var output = new List<string>();
        string? directory = null;
        while (await server.StandardOutput.ReadLineAsync() is { } line)
        {
            output.Add(line);
            if (line.StartsWith("directory ", StringComparison.Ordinal))
            {
                directory = line["directory ".Length..];
            }
            else if (line.Contains("ready to accept connections", StringComparison.Ordinal))
            {
                Drain(server);
                return $"Host={directory};Database=postgres;Username=postgres;Maximum Pool Size=50";
            }
        }

        throw new InvalidOperationException($"PostgreSQL did not start:\n{string.Join('\n', output)}");
    }

    /// <summary>Its log must not fill the pipe.</summary>
    private static async void Drain(Process server)
    {
        while (await server.StandardOutput.ReadLineAsync() is not null)
        {
        }
    }
}
