using Spectre.Console;

namespace Bank.Screen;

/// <summary>Shows the run while it lasts: a live screen on a terminal, plain lines elsewhere.</summary>
internal static class RunScreen
{
    public static Task ShowAsync(RunPictureSource source, RunEvents events, CancellationToken ended) =>
        AnsiConsole.Profile.Out.IsTerminal && AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected
            ? new LiveScreen(source, events).ShowAsync(ended)
            : new PlainScreen(source, events).ShowAsync(ended);
}
