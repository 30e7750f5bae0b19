namespace Tessera.Kernels.Cpu.Ops;

/// <summary>The elements of a head; a type argument, so that a kernel is compiled for them.</summary>
internal interface IHeadLength
{
    /// <summary>The number, a multiple of 16; 0: any, which the kernel is told when it is called.</summary>
    static abstract int Elements { get; }
}

/// <summary>64.</summary>
internal readonly struct Head64 : IHeadLength
{
    public static int Elements => 64;
}

/// <summary>80.</summary>
internal readonly struct Head80 : IHeadLength
{
    public static int Elements => 80;
}

/// <summary>96.</summary>
internal readonly struct Head96 : IHeadLength
{
    public static int Elements => 96;
}

/// <summary>128.</summary>
internal readonly struct Head128 : IHeadLength
{
    public static int Elements => 128;
}

/// <summary>256.</summary>
internal readonly struct Head256 : IHeadLength
{
    public static int Elements => 256;
}

/// <summary>Any number.</summary>
internal readonly struct AnyHead : IHeadLength
{
    public static int Elements => 0;
}
