namespace Tessera.Format.Gguf;

/// <summary>A tensor type of ggml.</summary>
/// <param name="Name">ggml's name in lower case: the quantization's id.</param>
/// <param name="BlockSize">Values in a block.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
internal readonly record struct GgufType(string Name, int BlockSize, int BlockBytes);

/// <summary>ggml's tensor types by their number in files.</summary>
internal static class GgufTypes
{
    private const uint LastNumber = 42;

    /// <summary>The type of an id, or null where ggml has none.</summary>
    public static GgufType? Find(uint id) => id switch
    {
        0 => new("f32", 1, 4),
        1 => new("f16", 1, 2),
        2 => new("q4_0", 32, 18),
        3 => new("q4_1", 32, 20),
        6 => new("q5_0", 32, 22),
        7 => new("q5_1", 32, 24),
        8 => new("q8_0", 32, 34),
        9 => new("q8_1", 32, 36),
        10 => new("q2_k", 256, 84),
        11 => new("q3_k", 256, 110),
        12 => new("q4_k", 256, 144),
        13 => new("q5_k", 256, 176),
        14 => new("q6_k", 256, 210),
        15 => new("q8_k", 256, 292),
        16 => new("iq2_xxs", 256, 66),
        17 => new("iq2_xs", 256, 74),
        18 => new("iq3_xxs", 256, 98),
        19 => new("iq1_s", 256, 50),
        20 => new("iq4_nl", 32, 18),
        21 => new("iq3_s", 256, 110),
        22 => new("iq2_s", 256, 82),
        23 => new("iq4_xs", 256, 136),
        24 => new("i8", 1, 1),
        25 => new("i16", 1, 2),
        26 => new("i32", 1, 4),
        27 => new("i64", 1, 8),
        28 => new("f64", 1, 8),
        29 => new("iq1_m", 256, 56),
        30 => new("bf16", 1, 2),
        34 => new("tq1_0", 256, 54),
        35 => new("tq2_0", 256, 66),
        39 => new("mxfp4", 32, 17),
        40 => new("nvfp4", 64, 36),
        41 => new("q1_0", 128, 18),
        42 => new("q2_0", 64, 18),
        _ => null,
    };

    /// <summary>The type of a name, and its number.</summary>
    /// <exception cref="UnsupportedModelException">ggml has none.</exception>
    public static (uint Number, GgufType Type) Named(string name)
    {
        for (uint number = 0; number <= LastNumber; number++)
            if (Find(number) is { } type && type.Name == name)
                return (number, type);
        throw new UnsupportedModelException($"gguf: ggml has no type '{name}'");
    }

    /// <summary>Whether ggml has a type of this name.</summary>
    public static bool Has(string name) => Enumerable.Range(0, (int)LastNumber + 1).Any(n => Find((uint)n)?.Name == name);

    /// <summary>The name of a type that ggml once had and removed, or null.</summary>
    public static string? Removed(uint id) => id switch
    {
        4 => "q4_2",
        5 => "q4_3",
        31 => "q4_0_4_4",
        32 => "q4_0_4_8",
        33 => "q4_0_8_8",
        36 => "iq4_nl_4_4",
        37 => "iq4_nl_4_8",
        38 => "iq4_nl_8_8",
        _ => null,
    };
}
