namespace Tessera.Format.Gguf;

/// <summary>The types of metadata values, with the format's numbers.</summary>
internal enum GgufValueType : uint
{
    U8 = 0,
    I8 = 1,
    U16 = 2,
    I16 = 3,
    U32 = 4,
    I32 = 5,
    F32 = 6,
    Bool = 7,
    String = 8,
    Array = 9,
    U64 = 10,
    I64 = 11,
    F64 = 12,
}

/// <summary>Facts about value types.</summary>
internal static class GgufValueTypes
{
    /// <summary>The bytes of a value; 0 for strings and arrays, -1 for what is not a type.</summary>
    public static int Size(GgufValueType type) => type switch
    {
        GgufValueType.U8 or GgufValueType.I8 or GgufValueType.Bool => 1,
        GgufValueType.U16 or GgufValueType.I16 => 2,
        GgufValueType.U32 or GgufValueType.I32 or GgufValueType.F32 => 4,
        GgufValueType.U64 or GgufValueType.I64 or GgufValueType.F64 => 8,
        GgufValueType.String or GgufValueType.Array => 0,
        _ => -1,
    };

    /// <summary>Whether values are whole numbers.</summary>
    public static bool IsInteger(GgufValueType type) =>
        Size(type) > 0 && type is not (GgufValueType.F32 or GgufValueType.F64 or GgufValueType.Bool);

    /// <summary>Whether values are numbers, whole or not.</summary>
    public static bool IsNumber(GgufValueType type) => IsInteger(type) || type is GgufValueType.F32 or GgufValueType.F64;

    /// <summary>The name for messages.</summary>
    public static string Name(GgufValueType type) =>
        Size(type) < 0 ? $"unknown type {(uint)type}" : type.ToString().ToLowerInvariant();
}
