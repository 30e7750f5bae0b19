using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Transcoding;

/// <summary>A GGUF type of 32-weight blocks, as something to write; a type argument, so that the calls vanish.</summary>
internal unsafe interface IBlockWriter
{
    /// <summary>The type's id.</summary>
    static abstract string Id { get; }

    /// <summary>Bytes of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>The largest value that is stored.</summary>
    static abstract int Most { get; }

    /// <summary>The stored value that means 0; negative where a block has a minimum instead, which is added.</summary>
    static abstract int Zero { get; }

    /// <summary>Writes what follows the scale, or the scale and the minimum.</summary>
    /// <param name="values">From 0 to <see cref="Most"/>.</param>
    /// <param name="to">Behind them.</param>
    static abstract void Write(Vector256<byte> values, byte* to);
}

/// <summary>scale 2 · nibbles 16, of which 8 means 0.</summary>
internal readonly unsafe struct Q4_0Writer : IBlockWriter
{
    public static string Id => "q4_0";

    public static int Bytes => 18;

    public static int Most => 15;

    public static int Zero => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(Vector256<byte> values, byte* to) => (values.GetLower() | (values.GetUpper() << 4)).Store(to);
}

/// <summary>scale 2 · minimum 2 · nibbles 16.</summary>
internal readonly unsafe struct Q4_1Writer : IBlockWriter
{
    public static string Id => "q4_1";

    public static int Bytes => 20;

    public static int Most => 15;

    public static int Zero => -1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(Vector256<byte> values, byte* to) => Q4_0Writer.Write(values, to);
}

/// <summary>scale 2 · fifth bits 4 · nibbles 16; 16 means 0.</summary>
internal readonly unsafe struct Q5_0Writer : IBlockWriter
{
    public static string Id => "q5_0";

    public static int Bytes => 22;

    public static int Most => 31;

    public static int Zero => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(Vector256<byte> values, byte* to)
    {
        Unsafe.WriteUnaligned(to, Vector256.GreaterThan(values, Vector256.Create((byte)15)).ExtractMostSignificantBits());
        Q4_0Writer.Write(values & Vector256.Create((byte)15), to + sizeof(uint));
    }
}

/// <summary>scale 2 · minimum 2 · fifth bits 4 · nibbles 16.</summary>
internal readonly unsafe struct Q5_1Writer : IBlockWriter
{
    public static string Id => "q5_1";

    public static int Bytes => 24;

    public static int Most => 31;

    public static int Zero => -1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(Vector256<byte> values, byte* to) => Q5_0Writer.Write(values, to);
}

/// <summary>scale 2 · signed bytes 32.</summary>
internal readonly unsafe struct Q8_0Writer : IBlockWriter
{
    public static string Id => "q8_0";

    public static int Bytes => 34;

    public static int Most => 255;

    public static int Zero => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(Vector256<byte> values, byte* to) => (values ^ Vector256.Create((byte)128)).Store(to);
}
