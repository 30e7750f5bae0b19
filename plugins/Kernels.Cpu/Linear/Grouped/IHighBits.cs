namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>Whether elements have a highest bit apart from the others; a type argument.</summary>
internal interface IHighBits
{
    /// <summary>0 or 1.</summary>
    static abstract int Bits { get; }
}

/// <summary>Types of two and four bits have none.</summary>
internal readonly struct NoHighBits : IHighBits
{
    public static int Bits => 0;
}

/// <summary>Those of three and five have.</summary>
internal readonly struct OneHighBit : IHighBits
{
    public static int Bits => 1;
}
