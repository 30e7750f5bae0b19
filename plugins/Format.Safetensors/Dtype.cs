namespace Tessera.Format.Safetensors;

/// <summary>The number types that safetensors files may name.</summary>
internal enum Dtype
{
    Bool,
    F4,
    F6E2M3,
    F6E3M2,
    U8,
    I8,
    F8E5M2,
    F8E4M3,
    F8E8M0,
    F8E4M3Fnuz,
    F8E5M2Fnuz,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    C64,
    F64,
    I64,
    U64,
}

/// <summary>Facts about number types.</summary>
internal static class Dtypes
{
    private static readonly Dictionary<string, Dtype> ByName = Enum.GetValues<Dtype>().ToDictionary(Name, StringComparer.Ordinal);

    /// <summary>The type of a name in a file, or null where there is none.</summary>
    public static Dtype? Find(string name) => ByName.TryGetValue(name, out Dtype type) ? type : null;

    /// <summary>The name in files.</summary>
    public static string Name(Dtype type) => type switch
    {
        Dtype.F6E2M3 => "F6_E2M3",
        Dtype.F6E3M2 => "F6_E3M2",
        Dtype.F8E5M2 => "F8_E5M2",
        Dtype.F8E4M3 => "F8_E4M3",
        Dtype.F8E8M0 => "F8_E8M0",
        Dtype.F8E4M3Fnuz => "F8_E4M3FNUZ",
        Dtype.F8E5M2Fnuz => "F8_E5M2FNUZ",
        _ => type.ToString().ToUpperInvariant(),
    };

    /// <summary>The quantization of a tensor that is stored in this type and in nothing else.</summary>
    public static string Id(Dtype type) => Name(type).ToLowerInvariant();

    /// <summary>Whether values are whole numbers or truth values: of a weight, codes that only a scheme can read.</summary>
    public static bool IsCode(Dtype type) => type is Dtype.Bool or Dtype.U8 or Dtype.I8 or Dtype.U16 or Dtype.I16 or Dtype.U32 or Dtype.I32 or Dtype.U64 or Dtype.I64;

    /// <summary>Bits of a value.</summary>
    public static int Bits(Dtype type) => type switch
    {
        Dtype.F4 => 4,
        Dtype.F6E2M3 or Dtype.F6E3M2 => 6,
        Dtype.Bool or Dtype.U8 or Dtype.I8 or Dtype.F8E5M2 or Dtype.F8E4M3 or Dtype.F8E8M0 or Dtype.F8E4M3Fnuz or Dtype.F8E5M2Fnuz => 8,
        Dtype.I16 or Dtype.U16 or Dtype.F16 or Dtype.BF16 => 16,
        Dtype.I32 or Dtype.U32 or Dtype.F32 => 32,
        _ => 64,
    };
}
