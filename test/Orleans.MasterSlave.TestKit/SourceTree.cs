namespace Orleans.MasterSlave.TestKit;

/// <summary>
/// Where the sources lie: above the test's own output, for in a deterministic build the compiler does not say it.
/// </summary>
public static class SourceTree
{
    public static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.MasterSlave.sln"))) folder = folder.Parent!;
        return folder.FullName;
    }
}
