using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Linear.Transposed;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>Strips of GPTQ's words that are turned, against the words themselves.</summary>
public unsafe class TurnedColumnsTests
{
    private const int Columns = 128, Part = ColumnSchedule.Part, Unit = ColumnSchedule.Unit;

    [Theory]
    [InlineData(256), InlineData(248), InlineData(136), InlineData(128), InlineData(120), InlineData(64), InlineData(24), InlineData(8)]
    public void Any_columns_of_a_turned_strip_are_multiplied(int rows)
    {
        if (CpuIsa.Detect().Avx2 && rows <= TurnedColumns<Simd256, Vector256<int>, Vector256<float>>.Rows)
            Multiplies<Simd256, Vector256<int>, Vector256<float>>(rows);
        if (CpuIsa.Detect().Avx512)
            Multiplies<Simd512, Vector512<int>, Vector512<float>>(rows);
    }

    private static void Multiplies<TSimd, TInt, TFloat>(int rows)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct
    {
        const float scale = 2, step = 4, sum = 8;
        Random random = new(rows);
        int strip = TurnedColumns<TSimd, TInt, TFloat>.Rows, lineBytes = TurnedColumns<TSimd, TInt, TFloat>.LineBytes;
        // With the first row's words the largest products, with the second's none.
        uint[] words = [.. Enumerable.Range(0, Columns / 8 * rows).Select(i => (i % rows) switch { 0 => uint.MaxValue, 1 => 0u, _ => (uint)random.NextInt64(1L << 32) })];
        int[] columns = Shuffled(random), places = [.. Shuffled(random).Select(slot => slot * lineBytes)], ordered = [.. columns.Select(c => places[c])];
        sbyte[] quants = [.. Enumerable.Range(0, Columns).Select(i => (sbyte)((i / Unit) switch { 0 => 127, 1 => -127, _ => random.Next(-127, 128) }))];
        byte* lines = Memory(Columns * lineBytes), factors = Memory(TurnedProducts<TSimd, TInt, TFloat>.FactorBytes);
        short* held = (short*)Memory(strip * sizeof(short));
        float* sums = (float*)Memory(strip * sizeof(float));
        sbyte* zeros = (sbyte*)((float*)factors + strip);
        for (int row = 0; row < strip; row++)
            (((float*)factors)[row], zeros[row]) = (scale, (sbyte)(row % 17));
        fixed (uint* from = words)
        fixed (int* p = places, o = ordered)
        fixed (sbyte* q = quants)
        {
            for (int line = 0; line < Columns / 8; line++)
                if (rows == strip)
                    for (int half = 0; half < TurnedColumns<TSimd, TInt, TFloat>.Halves; half++)
                        TurnedColumns<TSimd, TInt, TFloat>.Turn((byte*)(from + line * rows), half, (byte*)from, lines, p + line * 8);
                else
                    TurnedColumns<TSimd, TInt, TFloat>.TurnFew((byte*)(from + line * rows), rows, (byte*)from, lines, p + line * 8);
            for (int unit = 0; unit < Columns / Unit; unit++)
            {
                new Span<float>(sums, strip).Fill(1);
                for (int first = unit * Unit; first < (unit + 1) * Unit; first += Part)
                    TurnedProducts<TSimd, TInt, TFloat>.Multiply(lines, o + first, q + first, rows, (byte*)from, 0, new TurnedUnit
                    {
                        Starts = first % Unit == 0,
                        Ends = first % Unit == Unit - Part,
                        Quants = quants.AsSpan(unit * Unit, Unit).ToArray().Sum(value => value),
                        Held = held,
                        Step = step,
                        Sum = sum,
                        Factors = factors,
                        Sums = sums,
                    });
                Assert.Equal(
                    Enumerable.Range(0, rows).Select(row => 1 + scale * (step * Enumerable.Range(unit * Unit, Unit).Sum(i => (int)(words[columns[i] / 8 * rows + row] >> columns[i] % 8 * 4 & 15) * quants[i]) - sum * (row % 17))),
                    new Span<float>(sums, rows).ToArray());
            }
        }
        NativeMemory.AlignedFree(lines);
        NativeMemory.AlignedFree(factors);
        NativeMemory.AlignedFree(held);
        NativeMemory.AlignedFree(sums);
    }

    private static byte* Memory(int bytes) => (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);

    private static int[] Shuffled(Random random)
    {
        int[] columns = [.. Enumerable.Range(0, Columns)];
        random.Shuffle(columns);
        return columns;
    }
}
