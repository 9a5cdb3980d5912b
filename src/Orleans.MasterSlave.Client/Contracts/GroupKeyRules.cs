namespace Orleans.MasterSlave.Contracts;

/// <summary>Which ids a replicated grain can have. Asked when a process meets a group, at a call.</summary>
internal static class GroupKeyRules
{
    /// <summary>Bytes of grain type, '/' and key, in UTF-8: each record of the log carries them.</summary>
    public const int MaxBytes = 4096;

    /// <summary>Why there is no such group; null: there can be.</summary>
    public static string? Refuse(GrainId id)
    {
        if (id.Key.AsSpan().Contains(ReplicaKey.Separator))
            return $"{ReplicaKey.Describe(id)}: the key of a replicated grain must not contain U+001F, which stands between key and silo in the ids of its replicas.";
        var bytes = id.Type.AsSpan().Length + 1 + id.Key.AsSpan().Length;
        return bytes <= MaxBytes
            ? null
            : $"The id of a replicated grain ({id.Type} and its key) is {bytes} bytes long; it may have {MaxBytes}. The key begins with '{Beginning(id)}'.";
    }

    private static string Beginning(GrainId id) => id.Key.ToString() is { Length: > 32 } key ? key[..32] : $"{id.Key}";
}
