using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Session;
using Orleans.Serialization.WireProtocol;

namespace Orleans.MasterSlave.Shell;

/// <summary>
/// A hash of a serialized state that sees values only. Orleans writes an object that it has met before as a reference to the first place; but whether two equal strings
/// are one object differs from replica to replica, without anybody's fault: a literal is one object in a process, and not after a restore. So a reference counts
/// as what it refers to.
/// </summary>
internal static class StateHash
{
    private static readonly UInt128 Null = 1, Open = 2; // what is still being read: an object that holds itself

    public static UInt128 Of(byte[] serialized, SerializerSessionPool sessions)
    {
        using var session = sessions.GetSession();
        var reader = Reader.Create(serialized, session);
        return OfField(ref reader, reader.ReadFieldHeader(), []);
    }

    /// <param name="reader">Stands behind the field's header.</param>
    /// <param name="field">The header.</param>
    /// <param name="fields">The hashes of all fields so far: Orleans numbers every field, and references are to these numbers.</param>
    private static UInt128 OfField<TInput>(ref Reader<TInput> reader, Field field, List<UInt128> fields)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack(); // an error, and not the end of the process
        var number = fields.Count;
        fields.Add(Open);
        if (field.WireType == WireType.Reference)
        {
            var to = reader.ReadVarUInt32();
            return fields[number] = to == 0 ? Null : to <= number ? fields[(int)to - 1] : throw new InvalidDataException($"Field {number} refers to {to}, which is not there yet.");
        }

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
            case WireType.TagDelimited:
                AddMembers(ref reader, hash, fields);
                break;
            default:
                throw new InvalidDataException($"A field cannot be of wire type {field.WireType}.");
        }

        return fields[number] = hash.GetCurrentHashAsUInt128();
    }

    private static void AddMembers<TInput>(ref Reader<TInput> reader, XxHash128 hash, List<UInt128> fields)
    {
        var id = 0UL;
        for (var field = reader.ReadFieldHeader(); !field.IsEndObject; field = reader.ReadFieldHeader())
        {
            if (field.IsEndBaseFields)
            {
                Add(hash, ulong.MaxValue);
                id = 0;
                continue;
            }

            id += field.FieldIdDelta;
            Add(hash, id);
            var member = OfField(ref reader, field, fields);
            Add(hash, (ulong)member);
            Add(hash, (ulong)(member >> 64));
        }
    }

    private static void Add(XxHash128 hash, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        hash.Append(bytes);
    }
}
