namespace Tessera.TestSupport;

/// <summary>What the scales of made-up blocks are.</summary>
public enum BlockScales
{
    /// <summary>Ordinary ones of both signs, now and then a small one.</summary>
    Sane,
    /// <summary>Zero.</summary>
    Zero,
    /// <summary>The smallest subnormal number.</summary>
    Subnormal,
    /// <summary>As large as leaves values and sums finite.</summary>
    Largest,
    /// <summary>One of the above for each block.</summary>
    Mixed,
}

/// <summary>Blocks of every ggml type with random codes: any code is valid, and only the numbers that scale them must be sane.</summary>
public sealed record QuantizedBlocks(string Type, uint GgmlId, int Values, int Bytes)
{
    /// <summary>Where the halves stand that scale a block; of types whose scales are not halves, none.</summary>
    private int[] Halves { get; init; } = [];

    /// <summary>About the root of the mean square of a value whose scale is 1.</summary>
    private float Size { get; init; } = 1;

    /// <summary>All types, in the order of their ids.</summary>
    public static IReadOnlyList<QuantizedBlocks> All { get; } =
    [
        new("f32", 0, 1, 4),
        new("f16", 1, 1, 2) { Halves = [0] },
        new("q4_0", 2, 32, 18) { Halves = [0], Size = 5 },
        new("q4_1", 3, 32, 20) { Halves = [0, 2], Size = 9 },
        new("q5_0", 6, 32, 22) { Halves = [0], Size = 9 },
        new("q5_1", 7, 32, 24) { Halves = [0, 2], Size = 18 },
        new("q8_0", 8, 32, 34) { Halves = [0], Size = 74 },
        new("q8_1", 9, 32, 36) { Halves = [0, 2], Size = 74 },
        new("q2_k", 10, 256, 84) { Halves = [80, 82], Size = 17 },
        new("q3_k", 11, 256, 110) { Halves = [108], Size = 42 },
        new("q4_k", 12, 256, 144) { Halves = [0, 2], Size = 320 },
        new("q5_k", 13, 256, 176) { Halves = [0, 2], Size = 650 },
        new("q6_k", 14, 256, 210) { Halves = [208], Size = 1400 },
        new("q8_k", 15, 256, 292) { Size = 74 },
        new("iq2_xxs", 16, 256, 66) { Halves = [0], Size = 65 },
        new("iq2_xs", 17, 256, 74) { Halves = [0], Size = 65 },
        new("iq3_xxs", 18, 256, 98) { Halves = [0], Size = 125 },
        new("iq1_s", 19, 256, 50) { Halves = [0], Size = 7 },
        new("iq4_nl", 20, 32, 18) { Halves = [0], Size = 70 },
        new("iq3_s", 21, 256, 110) { Halves = [0], Size = 130 },
        new("iq2_s", 22, 256, 82) { Halves = [0], Size = 65 },
        new("iq4_xs", 23, 256, 136) { Halves = [0], Size = 1300 },
        new("iq1_m", 29, 256, 56) { Size = 7 },
        new("bf16", 30, 1, 2),
        new("tq1_0", 34, 256, 54) { Halves = [52] },
        new("tq2_0", 35, 256, 66) { Halves = [64] },
        new("mxfp4", 39, 32, 17) { Size = 3 },
        new("nvfp4", 40, 64, 36) { Size = 3 },
        new("q1_0", 41, 128, 18) { Halves = [0] },
        new("q2_0", 42, 64, 18) { Halves = [0] },
    ];

    /// <summary>The type of a name, or null where ggml has none.</summary>
    public static QuantizedBlocks? Find(string type) => All.FirstOrDefault(t => t.Type == type);

    /// <summary>The bytes of consecutive blocks.</summary>
    /// <param name="count">The number of blocks.</param>
    /// <param name="random">Where the codes come from.</param>
    /// <param name="scales">What the scales are.</param>
    /// <param name="size">About the root of the mean square of the values, where the scales are sane.</param>
    public byte[] Make(int count, Random random, BlockScales scales = BlockScales.Sane, float size = 1)
    {
        ArgumentNullException.ThrowIfNull(random);
        byte[] bytes = new byte[count * Bytes];
        random.NextBytes(bytes);
        for (int start = 0; start < bytes.Length; start += Bytes)
            SetScales(bytes.AsSpan(start, Bytes), random, scales == BlockScales.Mixed ? (BlockScales)random.Next(4) : scales, size / Size);
        return bytes;
    }

    private void SetScales(Span<byte> block, Random random, BlockScales scales, float size)
    {
        float Half() => Pick(random, scales, size, (float)BitConverter.UInt16BitsToHalf(1), 65504);
        foreach (int at in Halves)
            BitConverter.TryWriteBytes(block[at..], BitConverter.HalfToUInt16Bits((Half)Half()));
        switch (Type)
        {
            case "f32":
                BitConverter.TryWriteBytes(block, Pick(random, scales, size, float.Epsilon, 1e30f) * (random.NextSingle() * 2 - 1));
                break;
            case "bf16":
                BitConverter.TryWriteBytes(block, (ushort)(BitConverter.SingleToUInt32Bits(Pick(random, scales, size, 1e-40f, 1e30f)) >> 16));
                break;
            case "q8_k":
                BitConverter.TryWriteBytes(block, Pick(random, scales, size, float.Epsilon, 1e28f));
                break;
            case "iq1_m":
                // The nibbles of the scale, lowest first, are the top ones of the last four words.
                ushort bits = BitConverter.HalfToUInt16Bits((Half)Half());
                for (int i = 0; i < 4; i++)
                    block[49 + 2 * i] = (byte)(block[49 + 2 * i] & 15 | (bits >> 4 * i & 15) << 4);
                break;
            case "mxfp4":
                // A power of two from 2^-128 on.
                block[0] = scales switch { BlockScales.Sane => (byte)(128 + MathF.ILogB(size) - random.Next(3)), BlockScales.Largest => 220, _ => (byte)random.Next(2) };
                break;
            case "nvfp4":
                // Four unsigned floats: four bits of exponent above seven, three of mantissa; one half is 0x30.
                for (int i = 0; i < 4; i++)
                    block[i] = scales switch { BlockScales.Sane => (byte)(Math.Clamp(MathF.ILogB(size) + 7, 1, 14) << 3 | random.Next(8)), BlockScales.Largest => 0x7e, BlockScales.Zero => 0, _ => 1 };
                break;
        }
    }

    private static float Pick(Random random, BlockScales scales, float size, float subnormal, float largest) => scales switch
    {
        BlockScales.Zero => 0,
        BlockScales.Subnormal => random.Next(2) == 0 ? subnormal : -subnormal,
        BlockScales.Largest => random.Next(2) == 0 ? largest : -largest,
        _ => (random.NextSingle() + 0.5f) * (random.Next(2) == 0 ? size : -size) * (random.Next(8) == 0 ? 1e-3f : 1),
    };
}
