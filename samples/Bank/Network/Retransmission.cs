namespace Bank.Network;

/// <summary>
/// TCP sends again what was not confirmed: after 200 ms, and each time after twice as long. What was under way during a cut is therefore not
/// there when the cut ends, but when it is sent the next time.
/// </summary>
internal static class Retransmission
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(200), Longest = TimeSpan.FromSeconds(120);

    /// <param name="held">For how long something could not be delivered.</param>
    /// <returns>How much longer it takes until it is sent again.</returns>
    public static TimeSpan WaitAfter(TimeSpan held)
    {
        var at = TimeSpan.Zero;
        for (var wait = First; at < held; wait = wait * 2 < Longest ? wait * 2 : Longest) at += wait;
        return at - held;
    }
}
