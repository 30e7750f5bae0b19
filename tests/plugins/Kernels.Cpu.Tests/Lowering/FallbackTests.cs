using System.Runtime.InteropServices;
using Tessera.Conformance.Interpreter;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Lowering;

/// <summary>Types that the backend has no kernel for run through what their plugin offers.</summary>
public unsafe class FallbackTests
{
    [Theory]
    [InlineData("row dot of its plugin, weights read as they are stored", typeof(WithRowDot), 1e-5)]
    [InlineData("row dot of its plugin (one by one, activations float32), weights read as they are stored", typeof(WithDescription), 1e-5)]
    [InlineData("unpacked to bytes by its plugin, generic integer dot (", typeof(WithUnpack16), 0.2)]
    [InlineData("unpacked to bytes by its plugin, generic integer dot (", typeof(WithUnpack32), 0.2)]
    [InlineData("dequantized by rows", typeof(Bytes), 1e-5)]
    public void A_foreign_type_runs_and_is_explained(string how, Type type, double tolerance)
    {
        Bytes quantization = (Bytes)Activator.CreateInstance(type)!;
        using RandomModel model = new(new ModelShape { Type = "bytes" }, Quantizations.With(quantization));
        int[] tokens = model.Tokens(30);
        RuntimeLimits limits = Session.Limits(ActivationPrecision.Fast);
        using Session reference = new(model.Graph, model.Registry, backend: new ReferenceBackend());
        using Session cpu = new(model.Graph, model.Registry, limits, lanes: 2);
        float[][] expected = reference.Feed(0, tokens, 30);
        float[][] found = [.. cpu.Feed(0, tokens.AsSpan(0, 28), 28), .. cpu.Feed(0, tokens.AsSpan(28), 1)];
        (double largest, double mean) = Difference.Relative(expected, found);
        Assert.True(largest <= tolerance && mean <= tolerance / 4, $"largest {largest:E2}, mean {mean:E2}, allowed {tolerance}");
        using Session alone = new(model.Graph, model.Registry, limits);
        Difference.None(found, alone.Feed(0, tokens, 1), "one by one");
        // What dequantizes whole rows is the fallback; the others compute with weights as they are stored.
        Assert.Single(cpu.Runtime.Explain(), l => l.StartsWith("blk.0.attn_q.weight [64, 64] bytes: " + how, StringComparison.Ordinal) && l.Contains("fallback", StringComparison.Ordinal) == (type == typeof(Bytes)));
    }

    /// <summary>Value = scale · u − minimum, the same for 16 columns: 16 bytes, scale, minimum.</summary>
    private class Bytes : IQuantization, IQuantizer
    {
        protected const int Block = 24;

        public string Id => "bytes";

        public int BlockSize => 32;

        public void Validate(WeightTensor weight) => Assert.Equal(weight.Rows * weight.Columns / 16 * Block, weight.Bytes);

        public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
        {
            for (int i = 0; i < rowCount * weight.Columns; i++)
            {
                byte* block = Blocks(weight, firstRow) + i / 16 * Block;
                destination[i] = ((float*)block)[4] * block[i % 16] - ((float*)block)[5];
            }
        }

        public long QuantizedBytes(long count) => count / 16 * Block;

        // Two groups of 16 share their scale and minimum, so that groups of 32 can be told too.
        public void Quantize(ReadOnlySpan<float> values, Span<byte> destination)
        {
            for (int at = 0; at < values.Length; at += 32)
            {
                float least = float.PositiveInfinity, most = float.NegativeInfinity;
                foreach (float value in values.Slice(at, 32))
                    (least, most) = (Math.Min(least, value), Math.Max(most, value));
                for (int i = at; i < at + 32; i++)
                {
                    Span<byte> block = destination[(i / 16 * Block)..];
                    block[i % 16] = (byte)Math.Round((values[i] - least) / (most - least) * 255);
                    Span<float> numbers = MemoryMarshal.Cast<byte, float>(block[16..Block]);
                    (numbers[0], numbers[1]) = ((most - least) / 255, -least);
                }
            }
        }

        protected static byte* Blocks(WeightTensor weight, long row) => weight.Parts[0].Data + row * weight.Columns / 16 * Block;
    }

    private sealed class WithUnpack16 : WithUnpack { public override int GroupSize => 16; }

    private sealed class WithUnpack32 : WithUnpack { public override int GroupSize => 32; }

    private abstract class WithUnpack : Bytes, IAffineUnpack
    {
        public abstract int GroupSize { get; }

        public int MaxValue => 255;

        public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
        {
            for (int i = 0; i < rowCount * weight.Columns; i++)
            {
                byte* block = Blocks(weight, firstRow) + i / 16 * Block;
                values[i] = block[i % 16];
                scales[i / GroupSize] = ((float*)block)[4];
                minimums[i / GroupSize] = ((float*)block)[5];
            }
        }
    }

    private sealed class WithDescription : WithRowDot, IDescribedRowDot
    {
        public string Description => "one by one, activations float32";
    }

    /// <summary>Prepared rows are doubles.</summary>
    private class WithRowDot : Bytes, IRowDot
    {
        public int PreparedBytes(int columns) => columns * sizeof(double);

        public void Prepare(float* activations, int columns, byte* prepared)
        {
            Assert.Equal(0, (nint)prepared % 64);
            for (int i = 0; i < columns; i++)
                ((double*)prepared)[i] = activations[i];
        }

        public void Dot(WeightTensor weight, long firstRow, int rowCount, byte* prepared, float* result)
        {
            float[] row = new float[weight.Columns];
            for (int r = 0; r < rowCount; r++)
            {
                Dequantize(weight, firstRow + r, 1, row);
                double sum = 0;
                for (int i = 0; i < row.Length; i++)
                    sum += ((double*)prepared)[i] * row[i];
                result[r] = (float)sum;
            }
        }
    }
}
