using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.Tests.Abstractions;

/// <summary>What users read beside the code: documentation of public types, and the exceptions that the operations page names.</summary>
public sealed partial class PublicDocumentationTests
{
    private static readonly Assembly[] Public =
    [
        typeof(ReplicatedAttribute).Assembly, typeof(MasterSlaveClientOptions).Assembly, typeof(MasterSlaveOptions).Assembly,
        typeof(Orleans.MasterSlave.Sqlite.SqliteStoreOptions).Assembly,
    ];

    /// <summary>A reader of IntelliSense has no list of the protocol's rules at hand.</summary>
    [Fact]
    public void DocumentationOfPublicTypes_CitesNoRules()
    {
        List<string> cited = [];
        foreach (var assembly in Public)
        {
            var types = assembly.GetExportedTypes().Select(type => type.FullName!.Replace('+', '.')).ToHashSet();
            var members = XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member").ToList();
            Assert.NotEmpty(members);
            cited.AddRange(members.Where(member => types.Contains(TypeOf(NameOf(member))) && Rule().IsMatch(member.Value)).Select(NameOf));
        }

        Assert.Empty(cited);
    }

    /// <summary>An operator who reads a name can catch it.</summary>
    [Fact]
    public void ExceptionsThatThePagesName_ArePublic()
    {
        Assembly[] all = [.. Public, typeof(object).Assembly, typeof(Orleans.Runtime.OrleansException).Assembly, typeof(Orleans.Runtime.OrleansConfigurationException).Assembly];
        var known = all.SelectMany(assembly => assembly.GetExportedTypes()).Where(type => typeof(Exception).IsAssignableFrom(type)).Select(type => type.Name).ToHashSet();
        foreach (var page in new[] { "operations.md", "writing-grains.md" })
        {
            var named = Name().Matches(File.ReadAllText(Path.Combine(SourceTree.Root(), "docs", page))).Select(match => match.Groups[1].Value).Distinct();
            Assert.Empty(named.Where(name => !known.Contains(name)).Except(["InsufficientFundsException"])); // the example's own
        }
    }

    private static string NameOf(XElement member) => member.Attribute("name")!.Value;

    private static string TypeOf(string member)
    {
        var name = member[2..].Split('(')[0];
        return member[0] == 'T' ? name : name[..name.LastIndexOf('.')];
    }

    [GeneratedRegex(@"\b[IGLWRCDV]\d{1,2}\b")]
    private static partial Regex Rule();

    [GeneratedRegex(@"`([A-Z]\w*Exception)`")]
    private static partial Regex Name();
}
