using System.IO.Hashing;
using System.Text;

namespace Orleans.MasterSlave.Node;

/// <summary>Which code runs here, as far as it takes to see that other code is deployed.</summary>
internal static class Deployment
{
    /// <summary>Names, lengths and times of the application's assemblies. Another one: what failed before is tried anew (W10).</summary>
    public static ulong Fingerprint() => Of(AppContext.BaseDirectory);

    public static ulong Of(string folder)
    {
        var text = new StringBuilder();
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*.dll").OrderBy(f => f.Name, StringComparer.Ordinal))
            text.Append(file.Name).Append(' ').Append(file.Length).Append(' ').Append(file.LastWriteTimeUtc.Ticks).Append('\n');
        return XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(text.ToString()));
    }
}
