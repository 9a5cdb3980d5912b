using System.Globalization;
using Bank.Load;
using Bank.Options;

namespace Bank;

/// <summary>Where one run keeps its store, its replication logs and its text logs.</summary>
internal sealed class RunFolder
{
    private readonly bool _temporary;

    private RunFolder(string path, bool temporary) => (Path, _temporary) = (path, temporary);

    public string Path { get; }

    /// <param name="data">Where the user wants it: each run makes a folder of its own there; null: a temporary one.</param>
    /// <exception cref="UsageException">It cannot be created.</exception>
    public static RunFolder Create(string? data)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{DateTime.Now:yyyyMMdd-HHmmss}-{Environment.ProcessId}");
        var path = data is null ? System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"bank-{name}") : System.IO.Path.GetFullPath(System.IO.Path.Combine(data, $"run-{name}"));
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--data {data}: the folder {path} cannot be created: {error.Message}");
        }
        return new RunFolder(path, data is null);
    }

    /// <summary>The shipped transfers; for another number of accounts, some made for it and written into the run's folder.</summary>
    public static IReadOnlyList<Transfer> ShippedTransfers(int accounts, string folder)
    {
        var shipped = System.IO.Path.Combine(AppContext.BaseDirectory, "transfers.csv");
        if (accounts == BankOptions.ShippedAccounts) return TransferFile.Read(shipped);
        var made = System.IO.Path.Combine(folder, "transfers.csv");
        TransferFile.Write(made, TransferGenerator.Make(TransferGenerator.ShippedCount, accounts));
        return TransferFile.Read(made);
    }

    /// <summary>Removes a temporary folder that is of no more use.</summary>
    public void Finish(bool keep)
    {
        if (!_temporary || keep) return;
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // It is in the system's temporary folder: that is emptied by others.
        }
    }
}
