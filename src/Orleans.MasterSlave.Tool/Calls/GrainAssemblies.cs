using System.Reflection;
using System.Runtime.Loader;

namespace Orleans.MasterSlave.Tool.Calls;

/// <summary>
/// The user's assemblies, each with the dependencies that its own <c>.deps.json</c> names. What the tool has itself, Orleans above all, is shared, so
/// that there is one <see cref="Orleans.Serialization.Invocation.IInvokable"/>.
/// </summary>
internal sealed class GrainAssemblies : AssemblyLoadContext
{
    private readonly List<AssemblyDependencyResolver> _resolvers = [];

    public GrainAssemblies(IEnumerable<string> paths)
        : base("grains")
    {
        HashSet<Assembly> assemblies = [];
        foreach (var path in paths.Select(Path.GetFullPath))
        {
            try
            {
                _resolvers.Add(new AssemblyDependencyResolver(path));
                AddWithParts(LoadFromAssemblyName(AssemblyName.GetAssemblyName(path)), assemblies);
            }
            catch (Exception ex) when (ex is IOException or BadImageFormatException or ArgumentException or InvalidOperationException)
            {
                throw new ToolException($"The assembly '{path}' cannot be loaded: {ex.Message}", ex);
            }
        }

        Assemblies = assemblies;
    }

    /// <summary>Those given, and those that they name as parts of the application.</summary>
    public new IReadOnlyCollection<Assembly> Assemblies { get; }

    protected override Assembly? Load(AssemblyName name)
    {
        try
        {
            return Default.LoadFromAssemblyName(name);
        }
        catch (FileNotFoundException)
        {
            return _resolvers.Select(resolver => resolver.ResolveAssemblyToPath(name)).FirstOrDefault(path => path is not null) is { } path ? LoadFromAssemblyPath(path) : null;
        }
    }

    private void AddWithParts(Assembly assembly, HashSet<Assembly> assemblies)
    {
        if (!assemblies.Add(assembly)) return;
        foreach (var part in assembly.GetCustomAttributes<ApplicationPartAttribute>())
        {
            if (part.AssemblyName != assembly.GetName().Name) AddWithParts(LoadFromAssemblyName(new AssemblyName(part.AssemblyName)), assemblies);
        }
    }
}
