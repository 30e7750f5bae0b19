namespace Tessera.Quant.Common;

/// <summary>How floats are stored.</summary>
public enum FloatType
{
    /// <summary>32 bits.</summary>
    F32,

    /// <summary>IEEE half precision.</summary>
    F16,

    /// <summary>The upper half of 32 bits.</summary>
    BF16,
}

/// <summary>Names and sizes of <see cref="FloatType"/>.</summary>
public static class FloatTypes
{
    /// <summary>The type of a name as parameters spell it, or null.</summary>
    public static FloatType? Find(string? name) => name switch { "f32" => FloatType.F32, "f16" => FloatType.F16, "bf16" => FloatType.BF16, _ => null };

    /// <summary>Bytes of a float.</summary>
    public static int Size(this FloatType type) => type == FloatType.F32 ? 4 : 2;
}
