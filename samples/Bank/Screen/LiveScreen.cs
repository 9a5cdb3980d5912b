using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Bank.Screen;

/// <summary>Silos, groups, figures and the last events, redrawn in place.</summary>
internal sealed class LiveScreen(RunPictureSource source, RunEvents events)
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);
    private const int EventsShown = 9;
    private const int RatesShown = 40;
    private const string Bars = " ▁▂▃▄▅▆▇█";

    private readonly Queue<double> _rates = new();

    public Task ShowAsync(CancellationToken ended) =>
        AnsiConsole.Live(new Text("")).StartAsync(async live =>
        {
            while (!ended.IsCancellationRequested)
            {
                live.UpdateTarget(Draw(source.Take()));
                await Task.Delay(Step, CancellationToken.None);
            }
            live.UpdateTarget(Draw(source.Take()));
        });

    private Rows Draw(RunPicture picture)
    {
        _rates.Enqueue(picture.OperationsPerSecond);
        if (_rates.Count > RatesShown) _rates.Dequeue();
        return new Rows(
            new Rule($"[bold]Bank[/] · {Markup.Escape(picture.Phase)}") { Justification = Justify.Left },
            Silos(picture),
            Figures(picture),
            new Panel(Events()) { Header = new PanelHeader("events"), Expand = true });
    }

    private static Table Silos(RunPicture picture)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("silo", "state", "masters", "replicas", "in sync", "lag");
        foreach (var silo in picture.Silos)
        {
            var color = silo.State switch { "running" => "green", "stopped" => "yellow", _ => "red" };
            table.AddRow(
                silo.Name,
                $"[{color}]{silo.State}[/]",
                $"{Number(silo.Masters)} [blue]{new string('█', picture.Groups == 0 ? 0 : silo.Masters * 20 / picture.Groups)}[/]",
                Number(silo.Replicas),
                Number(silo.InSync),
                PlainScreen.Lag(silo.Behind));
        }
        return table;
    }

    private Grid Figures(RunPicture picture)
    {
        var highest = Math.Max(1, _rates.Max());
        var curve = string.Concat(_rates.Select(rate => Bars[(int)(rate / highest * (Bars.Length - 1))]));
        var grid = new Grid().AddColumn().AddColumn();
        grid.AddRow("transfers", FormattableString.Invariant($"{picture.Done} of {picture.Total} after {picture.Elapsed.TotalSeconds:0.0} s"));
        grid.AddRow("operations", FormattableString.Invariant($"{picture.OperationsPerSecond:0}/s  [blue]{curve}[/]"));
        grid.AddRow("answered in", FormattableString.Invariant($"p50 {picture.MedianMs:0.0} ms, max {picture.MaxMs:0} ms"));
        grid.AddRow("groups in sync", $"{Number(picture.GroupsInSync)} of {Number(picture.Groups)}");
        grid.AddRow("failed calls", picture.Failed == 0 ? "0" : $"[red]{Number((int)picture.Failed)}[/]");
        return grid;
    }

    private IRenderable Events()
    {
        var last = events.From(0).TakeLast(EventsShown).Select(happened => happened.ToString()).ToList();
        while (last.Count < EventsShown) last.Add("");
        return new Text(string.Join('\n', last));
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
