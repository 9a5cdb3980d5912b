namespace Orleans.MasterSlave.TestKit;

/// <summary>Waits for what another process or silo brings about, where no event tells of it. Bounded; says what did not happen.</summary>
public static class Eventually
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task<T> GetAsync<T>(Func<Task<T?>> look, string what) where T : class
    {
        var deadline = TimeProvider.System.GetTimestamp();
        for (Exception? last = null; ;)
        {
            try
            {
                if (await look() is { } found) return found;
            }
            catch (Exception e)
            {
                last = e;
            }

            if (TimeProvider.System.GetElapsedTime(deadline) > Limit) throw new TimeoutException($"Not within {Limit}: {what}.", last);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    public static Task TrueAsync(Func<Task<bool>> look, string what) => GetAsync(async () => await look() ? what : null, what);
}
