namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>
/// A type with blocks of 256 weights in eight groups of 32: scale 2 · minimum scale 2 · group scales and minimums 12 · (fifth bits 32) · nibbles 128.
/// Each 32 bytes of nibbles are 64 weights, the low ones first. A type argument, so that the calls vanish.
/// </summary>
internal interface IKBlock
{
    /// <summary>Bytes of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Where the nibbles start.</summary>
    static abstract int Nibbles { get; }

    /// <summary>True when bit g of byte 16 + i is the fifth bit of weight i of group g.</summary>
    static abstract bool HasFifthBits { get; }
}

/// <summary>Four bits a weight.</summary>
internal readonly struct Q4_K : IKBlock
{
    public static int Bytes => 144;

    public static int Nibbles => 16;

    public static bool HasFifthBits => false;
}

/// <summary>Five bits a weight.</summary>
internal readonly struct Q5_K : IKBlock
{
    public static int Bytes => 176;

    public static int Nibbles => 48;

    public static bool HasFifthBits => true;
}
