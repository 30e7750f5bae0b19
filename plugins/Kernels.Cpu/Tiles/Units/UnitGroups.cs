using Tessera.Kernels.Cpu.RowDots.Units;
using Tessera.Kernels.Cpu.Tiles.Groups;

namespace Tessera.Kernels.Cpu.Tiles.Units;

/// <summary>A type of units as tiles take it: with the zero point added, so that weights are unsigned.</summary>
internal readonly struct UnitGroups<TUnit> : IGroupTileType
    where TUnit : struct, IUnit
{
    public static int Planes => TUnit.ZeroShift == 7 ? 2 : 1;

    public static int Run => TUnit.ZeroShift == 4 ? 4 : 8;

    public static int ZeroShift => TUnit.ZeroShift;

    public static bool HasMinimum => false;

    public static bool IsStepFirst => true;
}
