namespace Orleans.MasterSlave.Diagnostics;

/// <summary>The one place for tasks that nobody awaits: what fails in them is reported, never lost.</summary>
internal static class Discarded
{
    /// <summary>Watches a task to its end; <paramref name="failed"/> gets its exception, in the context of whoever discards it.</summary>
    public static void Observe(Task task, Action<Exception> failed)
    {
        if (!task.IsCompletedSuccessfully) _ = ObserveAsync(task, failed);
    }

    private static async Task ObserveAsync(Task task, Action<Exception> failed)
    {
        try
        {
            await task;
        }
        catch (Exception e)
        {
            failed(e);
        }
    }
}
