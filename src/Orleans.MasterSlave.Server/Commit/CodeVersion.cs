using System.Reflection;

namespace Orleans.MasterSlave.Commit;

/// <summary>Which code made something of the log: entries mean what the code does that applies them.</summary>
/// <param name="Application">The application's, as <c>MasterSlaveOptions.ApplicationVersion</c> says; empty: it has none.</param>
/// <param name="Library">This library's.</param>
internal sealed record CodeVersion(string Application, string Library)
{
    private const ushort ApplicationPart = 1, LibraryPart = 2;

    /// <summary>The library of this process, with an application's version.</summary>
    public static CodeVersion Running(string application) => new(application, Of(typeof(CodeVersion).Assembly));

    /// <summary>What an assembly says of itself.</summary>
    public static string Of(Assembly? assembly) =>
        assembly?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly?.GetName().Version?.ToString() ?? "";

    public void Save(BinaryWriter to)
    {
        Sections.Write(to, ApplicationPart, Application);
        Sections.Write(to, LibraryPart, Library);
    }

    /// <exception cref="InvalidDataException">It is no version.</exception>
    public static CodeVersion Load(ReadOnlyMemory<byte> from)
    {
        var parts = Sections.Read(from);
        return new CodeVersion(Sections.Text(parts, ApplicationPart), Sections.Text(parts, LibraryPart));
    }
}
