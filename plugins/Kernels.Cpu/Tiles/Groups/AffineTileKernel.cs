using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Tiles.Groups;

/// <summary>Tiles of a type whose plugin unpacks groups of 32 columns to bytes, scales and minimums.</summary>
internal sealed unsafe class AffineTileKernel<TType>(int columns, AffineSource source, CpuIsa isa, NativeTile? native) : TileKernel
    where TType : struct, IGroupTileType
{
    private readonly bool _vnni = GroupTile.TakesVnni<TType>(isa);
    private readonly int _columns = columns, _groups = columns / Int8Activation.Group, _planes = native is null && !GroupTile.TakesVnni<TType>(isa) ? TType.Planes : 1;

    public override bool IsNative => native is not null;

    public override bool HasPair => native is { HasPair: true };

    public override long PanelBytes => (long)_groups * GroupWeights.Bytes(_planes);

    // Values, scales, minimums of eight rows.
    public override long WorkBytes => (long)Panels.Rows * (_columns + 2 * sizeof(float) * _groups);

    public override void Compile() => GroupTile.Compile<TType>(_vnni);

    public override void Unpack(int firstRow, int rowCount, byte* panels)
    {
        byte* values = panels + PanelBytes * ((rowCount + Panels.Rows - 1) / Panels.Rows);
        float* scales = (float*)(values + (long)Panels.Rows * _columns), minimums = scales + Panels.Rows * _groups;
        for (int row = 0; row < rowCount; row += Panels.Rows, panels += PanelBytes)
        {
            int count = Math.Min(Panels.Rows, rowCount - row);
            source.Unpack(firstRow + row, count, values, scales, minimums);
            for (int i = 0; i < Panels.Rows; i++)
            {
                int from = Math.Min(i, count - 1);
                Place(values + (long)from * _columns, scales + from * _groups, minimums + from * _groups, i, panels, _groups, _planes);
            }
        }
    }

    public override void MultiplyPanel(byte* panel, byte* activations, int width, float* sums)
    {
        if (native is null)
            GroupTile.Multiply<TType>(panel, activations, _groups, width, sums, _vnni);
        else
            native.Multiply(panel, activations, _groups, width, sums);
    }

    public override void MultiplyPanels(byte* panel, byte* activations, long distance, float* sums)
    {
        if (native is { HasPair: true })
            native.MultiplyPair(panel, activations, distance, _groups, sums);
        else
            base.MultiplyPanels(panel, activations, distance, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Place(byte* values, float* scales, float* minimums, int place, byte* panel, int groups, int planes)
    {
        for (int group = 0; group < groups; group++, values += Int8Activation.Group)
        {
            byte* to = panel + (long)Panels.Place(group, groups, GroupSum.Lanes) * GroupWeights.Bytes(planes);
            byte* q = to + place * GroupWeights.RowBytes;
            Vector256<byte> bytes = Vector256.Load(values);
            if (planes == 1)
                bytes.Store(q);
            else
            {
                (bytes & Vector256.Create((byte)15)).Store(q);
                ((bytes.AsUInt16() >> 4).AsByte() & Vector256.Create((byte)15)).Store(q + GroupWeights.PlaneBytes);
            }
            float* floats = (float*)(to + GroupWeights.Scale(planes)) + place;
            floats[0] = scales[group];
            // Tiles add minimums, these types subtract them.
            floats[Panels.Rows] = -minimums[group];
        }
    }
}

/// <summary>Values up to 15.</summary>
internal readonly struct Affine4 : IGroupTileType
{
    public static int Planes => 1;

    public static int Run => 8;

    public static int ZeroShift => 0;

    public static bool HasMinimum => true;

    public static bool IsStepFirst => false;
}

/// <summary>Values up to 31.</summary>
internal readonly struct Affine5 : IGroupTileType
{
    public static int Planes => 1;

    public static int Run => 4;

    public static int ZeroShift => 0;

    public static bool HasMinimum => true;

    public static bool IsStepFirst => false;
}

/// <summary>Values up to 255, the nibbles apart.</summary>
internal readonly struct Affine8 : IGroupTileType
{
    public static int Planes => 2;

    public static int Run => 8;

    public static int ZeroShift => 0;

    public static bool HasMinimum => true;

    public static bool IsStepFirst => false;
}
