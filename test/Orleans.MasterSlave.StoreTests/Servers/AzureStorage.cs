using System.Text.RegularExpressions;

namespace Orleans.MasterSlave.StoreTests.Servers;

/// <summary>Azure's tables and blobs, as its emulator Azurite gives them to this test process. It chooses free ports.</summary>
internal static partial class AzureStorage
{
    /// <summary>The emulator's own account, the same for everybody.</summary>
    private const string Account =
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;" +
        "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly Lazy<Task<string>> _connectionString = new(StartAsync);

    public static Task<string> ConnectAsync() => _connectionString.Value;

    private static async Task<string> StartAsync()
    {
        Dictionary<string, string> addresses = [];
        await ServerProcess.StartAsync(
            "azurite",
            "install it (npm install --global azurite)",
            ["--location", ".", "--blobPort", "0", "--queuePort", "0", "--tablePort", "0", "--skipApiVersionCheck", "--disableTelemetry", "--silent"],
            line =>
            {
                if (Listening().Match(line) is { Success: true } match) addresses[match.Groups[1].Value] = match.Groups[2].Value;
                return addresses.ContainsKey("Blob") && addresses.ContainsKey("Table");
            });
        return $"{Account};BlobEndpoint={addresses["Blob"]}/devstoreaccount1;TableEndpoint={addresses["Table"]}/devstoreaccount1;";
    }

    [GeneratedRegex(@"Azurite (\w+) service is successfully listening at (\S+)")]
    private static partial Regex Listening();
}
