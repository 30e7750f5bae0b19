using Tessera.Kernels.Cpu.RowDots.Blocks32;

namespace Tessera.Kernels.Cpu.Tiles.Native;

/// <summary>The layouts that tile sources may offer micro-kernels for; docs/kernels-cpu-layouts.md says what each id stands for.</summary>
internal static unsafe class TileLayouts
{
    private const int Revision = 1;

    /// <summary>Bytes in groups of 32 columns, with a scale and a minimum.</summary>
    public const string Minimum = "cpu.group32.minimum";

    /// <summary>Super-blocks with a scale and a minimum for each 32 columns.</summary>
    public const string SuperBy32 = "cpu.super256.by32";

    /// <summary>Super-blocks with a scale for each 16 columns.</summary>
    public const string SuperBy16 = "cpu.super256.by16";

    /// <summary>The id that sources are asked for.</summary>
    public static string Id(string layout, int width) => $"{layout}.w{width}.r{Revision}";

    /// <summary>The id of the kernel for two panels of the widest.</summary>
    public static string PairId(string layout) => $"{layout}.w{TileKernel.MaxWidth}x2.r{Revision}";

    /// <summary>The layout of a type of 32-weight blocks.</summary>
    public static string OfGroups(int zeroShift, bool hasMinimum) => hasMinimum ? Minimum : $"cpu.group32.zero{zeroShift}";

    /// <summary>The layout of a type in units of signed bytes, where 32 columns share a scale.</summary>
    public static string OfUnits(int zeroShift) => $"cpu.group32.step{zeroShift}";

    /// <summary>That of one where 16 columns share a scale.</summary>
    public static string OfSixteens(int zeroShift) => $"cpu.group32.by16step{zeroShift}";

    /// <summary>A type of the layout with the largest values, which the tile is tried with.</summary>
    public static string TypeOf(string layout) => layout switch
    {
        Minimum => "q5_1",
        SuperBy32 => "q5_k",
        SuperBy16 => "q6_k",
        _ when layout == OfGroups(Q4_0.ZeroShift, false) => "q4_0",
        _ when layout == OfGroups(Q5_0.ZeroShift, false) => "q5_0",
        _ when layout == OfUnits(3) => "q2_0",
        _ when layout == OfUnits(4) => "iq3_s",
        _ when layout == OfUnits(7) => "q8_1",
        _ when layout == OfSixteens(4) => "nvfp4",
        _ when layout == OfSixteens(7) => "iq2_s",
        _ => "q8_0",
    };
}
