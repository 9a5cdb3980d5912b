using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using Orleans.MasterSlave.Commit;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Session;
using Orleans.Serialization.WireProtocol;

namespace Orleans.MasterSlave.Shell;

/// <summary>
/// A hash of a serialized state that sees values only. Orleans writes an object that it has met before as a reference to the first place; but whether two equal strings
/// are one object differs from replica to replica, without anybody's fault: a literal is one object in a process, and not after a restore. So a reference counts
/// as what it refers to. Made twice: with the order in which collections hold their elements, and without, for a Dictionary may have another one after a restore.
/// </summary>
internal static class StateHash
{
    private static readonly StateHashes Null = new(1, 1), Open = new(2, 2); // what is still being read: an object that holds itself

    public static StateHashes Of(byte[] serialized, SerializerSessionPool sessions)
    {
        using var session = sessions.GetSession();
        var reader = Reader.Create(serialized, session);
        return OfField(ref reader, reader.ReadFieldHeader(), []);
    }

    /// <param name="reader">Stands behind the field's header.</param>
    /// <param name="field">The header.</param>
    /// <param name="fields">The hashes of all fields so far: Orleans numbers every field, and references are to these numbers.</param>
    private static StateHashes OfField<TInput>(ref Reader<TInput> reader, Field field, List<StateHashes> fields)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack(); // an error, and not the end of the process
        var number = fields.Count;
        fields.Add(Open);
        if (field.WireType == WireType.Reference)
        {
            var to = reader.ReadVarUInt32();
            return fields[number] = to == 0 ? Null : to <= number ? fields[(int)to - 1] : throw new InvalidDataException($"Field {number} refers to {to}, which is not there yet.");
        }

        if (field.WireType == WireType.TagDelimited) return fields[number] = OfMembers(ref reader, fields);
        var hash = new XxHash128((int)field.WireType);
        switch (field.WireType)
        {
            case WireType.VarInt:
                Add(hash, reader.ReadVarUInt64());
                break;
            case WireType.Fixed32:
                Add(hash, reader.ReadUInt32());
                break;
            case WireType.Fixed64:
                Add(hash, reader.ReadUInt64());
                break;
            case WireType.LengthPrefixed:
                hash.Append(reader.ReadBytes(reader.ReadVarUInt32()));
                break;
            default:
                throw new InvalidDataException($"A field cannot be of wire type {field.WireType}.");
        }

        var value = hash.GetCurrentHashAsUInt128();
        return fields[number] = new StateHashes(value, value);
    }

    /// <summary>Elements of a collection are members of one id; a sum does not see their order.</summary>
    private static StateHashes OfMembers<TInput>(ref Reader<TInput> reader, List<StateHashes> fields)
    {
        var ordered = new XxHash128((int)WireType.TagDelimited);
        var (sum, id, ofBase) = (UInt128.Zero, 0UL, 0L);
        for (var field = reader.ReadFieldHeader(); !field.IsEndObject; field = reader.ReadFieldHeader())
        {
            if (field.IsEndBaseFields)
            {
                Add(ordered, ulong.MaxValue);
                (id, ofBase) = (0, ofBase + 1);
                continue;
            }

            id += field.FieldIdDelta;
            var member = OfField(ref reader, field, fields);
            Add(ordered, id);
            Add(ordered, member.Ordered);
            var alone = new XxHash128(ofBase);
            Add(alone, id);
            Add(alone, member.Unordered);
            sum = unchecked(sum + alone.GetCurrentHashAsUInt128());
        }

        var unordered = new XxHash128((int)WireType.TagDelimited);
        Add(unordered, sum);
        return new StateHashes(ordered.GetCurrentHashAsUInt128(), unordered.GetCurrentHashAsUInt128());
    }

    private static void Add(XxHash128 hash, UInt128 value)
    {
        Add(hash, (ulong)value);
        Add(hash, (ulong)(value >> 64));
    }

    private static void Add(XxHash128 hash, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        hash.Append(bytes);
    }
}
