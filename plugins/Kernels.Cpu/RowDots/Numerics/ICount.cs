namespace Tessera.Kernels.Cpu.RowDots.Numerics;

/// <summary>A small number of what a kernel takes together: activation rows, query heads, vectors, tiles; a type argument, so that the code of those that are not there vanishes.</summary>
internal interface ICount
{
    /// <summary>The number.</summary>
    static abstract int Count { get; }
}

/// <summary>0.</summary>
internal readonly struct Count0 : ICount
{
    public static int Count => 0;
}

/// <summary>1.</summary>
internal readonly struct Count1 : ICount
{
    public static int Count => 1;
}

/// <summary>2.</summary>
internal readonly struct Count2 : ICount
{
    public static int Count => 2;
}

/// <summary>3.</summary>
internal readonly struct Count3 : ICount
{
    public static int Count => 3;
}

/// <summary>4.</summary>
internal readonly struct Count4 : ICount
{
    public static int Count => 4;
}

/// <summary>5: one token and four that were drafted.</summary>
internal readonly struct Count5 : ICount
{
    public static int Count => 5;
}

/// <summary>6.</summary>
internal readonly struct Count6 : ICount
{
    public static int Count => 6;
}

/// <summary>8.</summary>
internal readonly struct Count8 : ICount
{
    public static int Count => 8;
}
