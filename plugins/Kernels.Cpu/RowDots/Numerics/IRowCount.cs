namespace Tessera.Kernels.Cpu.RowDots.Numerics;

/// <summary>A small number, of activation rows or of vectors or tiles that are taken together; a type argument, so that the code of those that are not there vanishes.</summary>
internal interface IRowCount
{
    /// <summary>The number.</summary>
    static abstract int Count { get; }
}

/// <summary>0.</summary>
internal readonly struct NoRows : IRowCount
{
    public static int Count => 0;
}

/// <summary>1.</summary>
internal readonly struct OneRow : IRowCount
{
    public static int Count => 1;
}

/// <summary>2.</summary>
internal readonly struct TwoRows : IRowCount
{
    public static int Count => 2;
}

/// <summary>3.</summary>
internal readonly struct ThreeRows : IRowCount
{
    public static int Count => 3;
}

/// <summary>4.</summary>
internal readonly struct FourRows : IRowCount
{
    public static int Count => 4;
}

/// <summary>5: one token and four that were drafted.</summary>
internal readonly struct FiveRows : IRowCount
{
    public static int Count => 5;
}
