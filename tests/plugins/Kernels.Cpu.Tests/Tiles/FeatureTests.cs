using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles.Groups;
using Tessera.Kernels.Cpu.Tiles.Supers;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Tests.Tiles;

/// <summary>What is made of values that stand by features is bitwise what is made of their rows.</summary>
public unsafe class FeatureTests
{
    private static readonly CpuIsa Isa = CpuIsa.Detect();

    [Theory]
    [InlineData(8, 1)]
    [InlineData(8, 8)]
    [InlineData(16, 11)]
    [InlineData(16, 16)]
    public void Panels(int width, int count)
    {
        if (!Isa.Avx2)
            Assert.Skip("tiles need AVX2");
        const int columns = 3 * 256;
        (float[] rows, float[] features) = Values(width, count, columns);
        foreach ((string name, Preparation form) in (ReadOnlySpan<(string, Preparation)>)[("float32", Preparation.Float(Isa)), ("by 32", Preparation.Int8(Isa)), ("by 256", Preparation.Int8Super(Isa)), ("by 32, two refined", Preparation.Refined(Isa, false, 2)), ("by 256, two refined", Preparation.Refined(Isa, true, 2))])
        {
            int stride = (form.Bytes(columns) + 63) & ~63, bytes = (int)form.PanelBytes(columns, width);
            using NativeBuffer prepared = new((long)stride * width), packed = new(bytes), made = new(bytes);
            fixed (float* x = rows, byFeatures = features)
            {
                for (int row = 0; row < count; row++)
                    form.Prepare(x + row * columns, columns, prepared.Bytes + row * stride);
                form.Pack(prepared.Bytes, stride, count, columns, packed.Bytes, width, 0, 1);
                Assert.True(form.TakesFeatures);
                form.PackFeatures(byFeatures, columns, width, count, made.Bytes);
            }
            int from = (int)form.RefinedPanelOffset(columns, width);
            if (from > 0)
                bytes = from;
            Assert.True(new Span<byte>(packed.Bytes, bytes).SequenceEqual(new Span<byte>(made.Bytes, bytes)), $"{name}: panels differ at {new Span<byte>(packed.Bytes, bytes).CommonPrefixLength(new Span<byte>(made.Bytes, bytes))} of {bytes}");
            bool super = name.Contains("256", StringComparison.Ordinal);
            for (int place = 0; place < form.RefinedGroups; place++)
            {
                Assert.Equal(new Span<int>(RefinedPanel.Groups(packed.Bytes + from, place), width), new Span<int>(RefinedPanel.Groups(made.Bytes + from, place), width));
                int length = super ? SuperActivations.Bytes(width) : GroupActivations.Bytes(width);
                byte* expected = RefinedPanel.Block(packed.Bytes + from, super, place, form.RefinedGroups, width), found = RefinedPanel.Block(made.Bytes + from, super, place, form.RefinedGroups, width);
                Assert.True(new Span<byte>(expected, length).SequenceEqual(new Span<byte>(found, length)), $"{name}: second bytes of place {place}");
            }
        }
    }

    [Theory]
    [InlineData(8, 64)]
    [InlineData(8, 101)]
    [InlineData(16, 1031)]
    public void Norms(int width, int columns)
    {
        (float[] rows, float[] features) = Values(width, width, columns);
        float[] weight = [.. Enumerable.Range(0, columns).Select(i => 1 + 0.01f * i)], expected = new float[columns], found = new float[features.Length];
        fixed (float* x = rows, byFeatures = features, w = weight, y = expected, z = found)
            for (int norm = 0; norm < 3; norm++)
            {
                float* bias = norm == 2 ? w + columns / 2 : null;
                if (norm == 0)
                    RmsNorm.Features(byFeatures, w, z, columns / 2, width, 1e-5f);
                else
                    LayerNorm.Features(byFeatures, w, bias, z, columns / 2, width, 1e-5f);
                for (int row = 0; row < width; row++)
                {
                    if (norm == 0)
                        RmsNorm.Row(x + row * columns, w, y, columns / 2, 1e-5f);
                    else
                        LayerNorm.Row(x + row * columns, w, bias, y, columns / 2, 1e-5f);
                    for (int i = 0; i < columns / 2; i++)
                        Assert.Equal(BitConverter.SingleToInt32Bits(expected[i]), BitConverter.SingleToInt32Bits(found[i * width + row]));
                }
            }
    }

    // Ordinary rows, and among them groups that are zero, too small for a scale, of one value, and not of numbers. Rows that are not there repeat the last.
    private static (float[] Rows, float[] Features) Values(int width, int count, int columns)
    {
        Random random = new(5);
        float[] rows = [.. Enumerable.Range(0, count * columns).Select(_ => (random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-3, 4)))];
        for (int row = 0; row < count; row++)
        {
            Span<float> x = rows.AsSpan(row * columns, columns);
            x[(row * 7 + 3) % columns] = 90;
            switch (row % 6)
            {
                case 1:
                    x[..Math.Min(256, columns)].Clear();
                    break;
                case 2:
                    x[..Math.Min(256, columns)].Fill(-1e-32f);
                    break;
                case 3:
                    x[columns / 2] = float.NaN;
                    break;
                case 4:
                    x[columns / 3] = float.NegativeInfinity;
                    break;
                case 5:
                    x[..Math.Min(32, columns)].Fill(-3);
                    break;
            }
        }
        float[] features = new float[width * columns];
        for (int i = 0; i < features.Length; i++)
            features[i] = rows[Math.Min(i % width, count - 1) * columns + i / width];
        return (rows, features);
    }
}
