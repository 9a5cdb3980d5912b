namespace Orleans.MasterSlave.Journal;

/// <summary>The file that a rewritten one is before it takes its place by a rename. One that a crash left is deleted at the next start.</summary>
internal static class RewriteFile
{
    public const string Suffix = ".rewrite";

    /// <summary>Begins one anew; null, with the reason, when it cannot be.</summary>
    /// <remarks>Nothing is written yet: that too many files are open, say, is no reason for the log to fail (D2).</remarks>
    /// <exception cref="LogFullException">There is no room.</exception>
    public static ILogFile? TryCreate(ILogFiles files, string path, out string? reason)
    {
        reason = null;
        try
        {
            files.Delete(path);
            return files.Create(path);
        }
        catch (Exception ex) when (FileErrors.IsUnreadable(ex) && ex is not LogFullException)
        {
            reason = ex.Message;
            return null;
        }
    }
}
