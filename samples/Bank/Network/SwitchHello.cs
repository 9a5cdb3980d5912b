using System.Buffers.Binary;

namespace Bank.Network;

/// <summary>What a party says to the switch first: who it is, and which port it wants. The switch answers with one byte when it is connected.</summary>
internal readonly record struct SwitchHello(int Party, int Port)
{
    public const int Length = 4;
    public const byte Connected = 1;

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)Party);
        BinaryPrimitives.WriteUInt16LittleEndian(target[2..], (ushort)Port);
    }

    public static SwitchHello Read(ReadOnlySpan<byte> source) =>
        new(BinaryPrimitives.ReadUInt16LittleEndian(source), BinaryPrimitives.ReadUInt16LittleEndian(source[2..]));
}
