using System.CommandLine;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Tool.Commands;

namespace Orleans.MasterSlave.Tool;

/// <summary>The command line, and what becomes of errors.</summary>
internal static class ToolCommand
{
    /// <summary>Runs one command and returns its exit code (<see cref="ExitCode"/>).</summary>
    public static async Task<int> RunAsync(string[] args, ToolHost host)
    {
        var root = new RootCommand("Looks into the log directory of an Orleans.MasterSlave silo. Only reads; the silo may be running.")
        {
            InfoCommand.Create(host), DumpCommand.Create(host), VerifyCommand.Create(host), OrphansCommand.Create(host),
        };
        var parsed = root.Parse(args);
        try
        {
            var code = await parsed.InvokeAsync(new InvocationConfiguration { Output = host.Output, Error = host.Error, EnableDefaultExceptionHandler = false });
            return parsed.Errors.Count > 0 ? ExitCode.NotReadable : code;
        }
        catch (LogDamagedException ex)
        {
            await host.Error.WriteLineAsync(ex.Message);
            return ExitCode.Damaged;
        }
        catch (LogDirectoryMismatchException ex)
        {
            await host.Error.WriteLineAsync(ex.Message);
            return ExitCode.Damaged;
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException or ToolException)
        {
            await host.Error.WriteLineAsync(ex.Message);
            return ExitCode.NotReadable;
        }
    }

    /// <summary>The folder that every command takes.</summary>
    public static Argument<string> Directory() => new("directory") { Description = "A silo's log directory, in use or not, or a copy of one." };

    /// <summary>Ask for one JSON object a line instead of text.</summary>
    public static Option<bool> Json() => new("--json") { Description = "One JSON object a line." };

    /// <summary>Ask for calls to be read.</summary>
    public static Option<string[]> Assemblies() => new("--assembly")
    {
        Description = "An assembly with grain interfaces and the types of their arguments, as it was built or published. May be given several times.",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };
}

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    public const int Whole = 0;

    /// <summary>Something that was once durable is gone, or is another node's.</summary>
    public const int Damaged = 1;

    /// <summary>Wrong usage; no such folder, no log, not readable for this user, or another version's.</summary>
    public const int NotReadable = 2;
}

/// <summary>Something that the user of the tool can mend; the message says what.</summary>
internal sealed class ToolException(string message, Exception? inner = null) : Exception(message, inner);
