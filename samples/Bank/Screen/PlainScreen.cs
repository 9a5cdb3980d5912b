namespace Bank.Screen;

/// <summary>Events as they come, and a line of figures every two seconds.</summary>
internal sealed class PlainScreen(RunPictureSource source, RunEvents events)
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(200);
    private const int StepsForALine = 10;

    private int _shown;

    public async Task ShowAsync(CancellationToken ended)
    {
        for (var step = 1; !ended.IsCancellationRequested; step++)
        {
            await Task.Delay(Step, CancellationToken.None);
            var picture = source.Take();
            ShowEvents();
            if (step % StepsForALine == 0 && picture.Groups > 0) Console.WriteLine(Describe(picture));
        }
        ShowEvents();
    }

    internal static string Describe(RunPicture picture)
    {
        var masters = string.Join(" ", picture.Silos.Select(silo => silo.State == "running" ? $"{silo.Name}:{silo.Masters}" : $"{silo.Name}({silo.State}):{silo.Masters}"));
        return FormattableString.Invariant(
            $"{picture.Elapsed.TotalSeconds,6:0.0} s  {picture.Phase}: {picture.Done}/{picture.Total}  {picture.OperationsPerSecond:0} ops/s  p50 {picture.MedianMs:0.0} ms  max {picture.MaxMs:0} ms  failed {picture.Failed}  masters {masters}  in sync {picture.GroupsInSync}/{picture.Groups}  lag {Lag(picture.Behind)}");
    }

    internal static string Lag(long? behind) => behind?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "?";

    private void ShowEvents()
    {
        foreach (var happened in events.From(_shown))
        {
            Console.WriteLine(happened);
            _shown++;
        }
    }
}
