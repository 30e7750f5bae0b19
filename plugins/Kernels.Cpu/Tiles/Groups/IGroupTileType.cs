namespace Tessera.Kernels.Cpu.Tiles.Groups;

/// <summary>A type with groups of 32 columns, for <see cref="GroupTile"/>; a type argument, so that the calls vanish.</summary>
internal unsafe interface IGroupTileType
{
    /// <summary>2 where nibbles are apart, else 1.</summary>
    static abstract int Planes { get; }

    /// <summary>Products of four columns whose sum 16 bits can hold: 8 for values up to 15, 4 up to 31.</summary>
    static abstract int Run { get; }

    /// <summary>The values' zero point is 2 to this power; 0: none.</summary>
    static abstract int ZeroShift { get; }

    /// <summary>True for scale · u + minimum, with the minimum in a second half; else scale · signed weight.</summary>
    static abstract bool HasMinimum { get; }

    /// <summary>True where an integer is multiplied with the activations' scale and then with the weights', as their product may be subnormal; else with that.</summary>
    static abstract bool IsStepFirst { get; }
}
