using System.Text.Json;
using System.Globalization;
using System.Runtime.InteropServices;
using Bank.Audit;
using Bank.Load;
using Bank.Options;
using Bank.Silos;

namespace Bank;

internal static class Program
{
    private const int Good = 0;
    private const int Bad = 1;
    private const int WrongUsage = 2;
    private const int Interrupted = 130;
    private const int DetailsShown = 20;

    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is [SiloSettings.Verb, ..]) return await SiloMain.RunAsync(arguments);
        try
        {
            var options = OptionParser.Parse(arguments);
            if (options.Help)
            {
                Console.WriteLine(HelpText.Text);
                return Good;
            }
            RequireSignals();
            return await RunAsync(options);
        }
        catch (UsageException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return WrongUsage;
        }
    }

    private static async Task<int> RunAsync(BankOptions options)
    {
        var own = options.Input is null ? null : TransferFile.Read(options.Input, options.Accounts);
        var folder = RunFolder.Create(options.Data);
        var transfers = own ?? RunFolder.ShippedTransfers(options.Accounts ?? BankOptions.ShippedAccounts, folder.Path);
        using var interrupted = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

        var code = Bad;
        try
        {
            Console.WriteLine(FormattableString.Invariant(
                $"{transfers.Count} transfers in {options.Seconds} s, {options.Silos} silos, mode {Lower(options.Mode)}, fault {Lower(options.Fault)}; logs and books in {folder.Path}"));
            var verdict = await new BankRun(options, transfers, folder.Path).RunAsync(interrupted.Token);
            code = verdict.ExitCode;
            folder.Finish(keep: code != Good);
            Show(verdict, folder);
        }
        catch (RunFailedException error)
        {
            await Console.Error.WriteLineAsync(FormattableString.Invariant($"{error.Message}\nThe logs are in {folder.Path}"));
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            folder.Finish(keep: false);
            await Console.Error.WriteLineAsync("Interrupted.");
            code = Interrupted;
        }
        return code;

        void Interrupt(PosixSignalContext context)
        {
            context.Cancel = true;
            interrupted.Cancel();
        }
    }

    private static void Show(Verdict verdict, RunFolder folder)
    {
        foreach (var detail in verdict.Report.Details.Take(DetailsShown)) Console.WriteLine(detail);
        var more = verdict.Report.Details.Count - DetailsShown;
        if (more > 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"… and {more} more"));
        foreach (var lost in verdict.LostForGood.Take(verdict.Orphaned is null ? 0 : DetailsShown))
            Console.WriteLine($"account {lost.Account}: the lost {lost.Key.Kind} of transfer {lost.Key.TransferId} is in no orphan file");
        foreach (var problem in verdict.Problems) Console.WriteLine(problem);
        if (Directory.Exists(folder.Path)) Console.WriteLine($"Logs and books: {folder.Path}");
        Console.WriteLine(verdict.LastLine);
    }

    private static string Lower<T>(T choice) where T : Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(choice.ToString());

    private static void RequireSignals()
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS()) throw new UsageException("This sample sends signals to processes: it runs on Linux and macOS.");
    }
}
