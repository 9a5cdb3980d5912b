using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Hosting;

/// <summary>
/// Follows all types that a replicated grain has serialized, from its state and from its methods' arguments and results down to the last member: what has no codec, what would
/// be left out of a snapshot, and what enumerates in another order in each process.
/// </summary>
/// <param name="hasCodec">Can Orleans serialize a type? It may throw for one whose parts it cannot.</param>
internal sealed class SerializedTypes(Func<Type, bool> hasCodec)
{
    private const BindingFlags Members = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
    private readonly HashSet<(Type Type, bool InState)> _seen = [];
    private readonly List<string> _faults = [], _warnings = [];

    public IReadOnlyList<string> Faults => _faults;
    public IReadOnlyList<string> Warnings => _warnings;

    public void FollowState(Type grain, Type state) => Follow(state, $"{grain.FullName}: its state {NameOf(state)}", inState: true);

    public void FollowMethod(Type grain, MethodInfo method)
    {
        var where = $"{grain.FullName}: {method.DeclaringType!.FullName}.{method.Name}";
        foreach (var parameter in method.GetParameters())
        {
            if (parameter.ParameterType != typeof(CancellationToken)) Follow(parameter.ParameterType, $"{where}, argument {parameter.Name}", inState: false);
        }

        if (ResultOf(method.ReturnType) is { } result) Follow(result, $"{where}, its result", inState: false);
    }

    private void Follow(Type type, string where, bool inState)
    {
        if (type.IsGenericParameter || type.IsEnum || type == typeof(object) || typeof(Delegate).IsAssignableFrom(type) || !_seen.Add((type, inState))) return;
        if (type.HasElementType)
        {
            Follow(type.GetElementType()!, where, inState);
            return;
        }

        if (inState && OrderOf(type) is { } reason) _warnings.Add($"{where} holds a {NameOf(type)}: {reason}");
        foreach (var part in type.GetGenericArguments()) Follow(part, where, inState);
        if (type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false)) FollowMembers(type, where, inState);
        else if (!type.IsInterface && !type.IsAbstract && !HasCodec(type)) _faults.Add($"{where}: Orleans cannot serialize {NameOf(type)}: mark it [GenerateSerializer], or give it a surrogate.");
    }

    /// <summary>A type whose parts are at fault has a codec: the parts are named by themselves.</summary>
    private bool HasCodec(Type type)
    {
        try
        {
            return hasCodec(type);
        }
        catch (Exception)
        {
            return type.IsGenericType;
        }
    }

    private void FollowMembers(Type type, string where, bool inState)
    {
        for (var level = type; level is not null && level.IsDefined(typeof(GenerateSerializerAttribute), inherit: false); level = level.BaseType)
        {
            var all = level.GetCustomAttribute<GenerateSerializerAttribute>()!.GenerateFieldIds != GenerateFieldIds.None;
            var written = level.GetProperties(Members).Where(p => p.IsDefined(typeof(IdAttribute)) && level.GetField($"<{p.Name}>k__BackingField", Members) is null).ToList();
            foreach (var property in written) Follow(property.PropertyType, $"{where}, member {level.Name}.{property.Name}", inState);
            foreach (var field in level.GetFields(Members))
            {
                if (field.IsDefined(typeof(NonSerializedAttribute))) continue;
                var property = PropertyOf(level, field);
                if (property is null && field.IsDefined(typeof(CompilerGeneratedAttribute))) continue; // an event's, or a captured parameter
                var name = property?.Name ?? field.Name;
                var isSerialized = all || (property ?? (MemberInfo)field).IsDefined(typeof(IdAttribute)) || IsParameterOfRecord(level, name);
                if (isSerialized) Follow(field.FieldType, $"{where}, member {level.Name}.{name}", inState);
                else if (inState && (property is not null || written.Count == 0)) // a field may stand behind a property that is written out and has an [Id]
                    _faults.Add($"{where}: member {level.FullName}.{name} lacks [Id(n)]: it would not be in snapshots. Give it one, or [NonSerialized] ([field: NonSerialized] on a property) if it is derived from the others.");
            }
        }
    }

    private static PropertyInfo? PropertyOf(Type type, FieldInfo field) =>
        field.Name is ['<', .. var rest] && rest.IndexOf(">k__BackingField", StringComparison.Ordinal) is var end and > 0
            ? type.GetProperty(rest[..end], Members)
            : null;

    /// <summary>Orleans numbers the parameters of a record's primary constructor by itself.</summary>
    private static bool IsParameterOfRecord(Type type, string name) =>
        type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly) is not null
        && type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Any(c => c.GetParameters().Any(p => p.Name == name));

    /// <summary>Why a collection enumerates differently from replica to replica, always; null: it does not.</summary>
    private static string? OrderOf(Type type)
    {
        if (!type.IsGenericType) return type == typeof(System.Collections.Hashtable) ? "its order differs from process to process. Use SortedDictionary." : null;
        var key = type.GetGenericArguments()[0];
        return type.GetGenericTypeDefinition().FullName switch
        {
            "System.Collections.Immutable.ImmutableDictionary`2" when !HashesAlike(key) => "its order differs from process to process. Use ImmutableSortedDictionary, or do not depend on the order.",
            "System.Collections.Immutable.ImmutableHashSet`1" when !HashesAlike(key) => "its order differs from process to process. Use ImmutableSortedSet, or do not depend on the order.",
            "System.Collections.Concurrent.ConcurrentDictionary`2" when !HashesAlike(key) => "its order differs from process to process. Use SortedDictionary, or do not depend on the order.",
            "System.Collections.Concurrent.ConcurrentBag`1" => "its order depends on threads. Use List.",
            "System.Collections.Frozen.FrozenDictionary`2" or "System.Collections.Frozen.FrozenSet`1" when !HashesAlike(key) => "its order may differ from process to process. Use a sorted one, or do not depend on the order.",
            _ => null,
        };
    }

    /// <summary>In every process: strings, and what is made of them, hash differently in each.</summary>
    private static bool HashesAlike(Type key) => key.IsPrimitive || key.IsEnum || key == typeof(Guid) || key == typeof(DateTime) || key == typeof(TimeSpan) || key == typeof(decimal);

    private static Type? ResultOf(Type type)
    {
        if (!type.IsGenericType) return null;
        var definition = type.GetGenericTypeDefinition();
        return definition == typeof(Task<>) || definition == typeof(ValueTask<>) ? type.GetGenericArguments()[0] : null;
    }

    private static string NameOf(Type type) =>
        type.IsGenericType ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>" : type.FullName ?? type.Name;
}
