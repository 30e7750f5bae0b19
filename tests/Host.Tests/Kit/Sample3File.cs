namespace Tessera.Host.Tests.Kit;

/// <summary>Writes the type of samples/Quant.Sample from its description, for model files: it shares no code with the sample.</summary>
internal static class Sample3File
{
    public const string TypeName = "sample3";

    private const int Group = 32, GroupBytes = 14;

    /// <summary>The bytes of values: value = d · (q − 4).</summary>
    public static byte[] Quantize(float[] values)
    {
        byte[] bytes = new byte[values.Length / Group * GroupBytes];
        for (int g = 0; g < values.Length / Group; g++)
        {
            Span<byte> to = bytes.AsSpan(g * GroupBytes, GroupBytes);
            float[] from = values[(g * Group)..((g + 1) * Group)];
            float d = from.Max(Math.Abs) / 3;
            BitConverter.TryWriteBytes(to, (Half)d);
            for (int e = 0; e < Group; e++)
            {
                int q = 4 + (d == 0 ? 0 : (int)MathF.Round(from[e] / d));
                to[2 + e % 8] |= (byte)((q & 3) << 2 * (e / 8));
                to[10 + e / 8] |= (byte)((q >> 2) << e % 8);
            }
        }
        return bytes;
    }
}
