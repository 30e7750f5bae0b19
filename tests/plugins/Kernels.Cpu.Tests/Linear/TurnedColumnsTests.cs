using System.Runtime.InteropServices;
using Tessera.Kernels.Cpu.Linear.Transposed;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>Strips of GPTQ's words that are turned, against the words themselves.</summary>
public unsafe class TurnedColumnsTests
{
    private const int Columns = 128, Part = ColumnSchedule.Part;

    [Theory]
    [InlineData(256), InlineData(248), InlineData(136), InlineData(128), InlineData(120), InlineData(64), InlineData(24), InlineData(8)]
    public void Any_columns_of_a_turned_strip_are_multiplied(int rows)
    {
        if (CpuIsa.Detect().Avx2 && rows <= Turned256.Rows)
            Multiplies<Turned256>(rows);
        if (CpuIsa.Detect().Avx512)
            Multiplies<Turned512>(rows);
    }

    private static void Multiplies<TTurned>(int rows)
        where TTurned : struct, ITurnedColumns
    {
        Random random = new(rows);
        uint[] words = [.. Enumerable.Range(0, Columns / 8 * rows).Select(i => i % rows == 0 ? uint.MaxValue : (uint)random.NextInt64(1L << 32))];
        int[] columns = Shuffled(random), places = [.. Shuffled(random).Select(slot => slot * TTurned.Rows / 2)], ordered = [.. columns.Select(c => places[c])];
        // With the first row's words, the largest products.
        sbyte[] quants = [.. Enumerable.Range(0, Columns).Select(i => (sbyte)((i / Part) switch { 0 => 127, 1 => -127, _ => random.Next(-127, 128) }))];
        byte* lines = (byte*)NativeMemory.AlignedAlloc((nuint)(Columns * TTurned.Rows / 2), 64);
        short* sums = (short*)NativeMemory.AlignedAlloc((nuint)(TTurned.Rows * sizeof(short)), 64);
        fixed (uint* from = words)
        fixed (int* p = places, o = ordered)
        fixed (sbyte* q = quants)
        {
            for (int line = 0; line < Columns / 8; line++)
                if (rows == TTurned.Rows)
                    TurnedColumns.Turn<TTurned>((byte*)(from + line * rows), lines, p + line * TurnedColumns.WordColumns);
                else
                    TurnedColumns.Turn<TTurned>((byte*)(from + line * rows), rows, lines, p + line * TurnedColumns.WordColumns);
            for (int first = 0; first < Columns; first += Part)
            {
                TTurned.Multiply(lines, o + first, q + first, rows, (byte*)from, 0, sums);
                Assert.Equal(
                    Enumerable.Range(0, rows).Select(row => Enumerable.Range(first, Part).Sum(i => (int)(words[columns[i] / 8 * rows + row] >> columns[i] % 8 * 4 & 15) * quants[i])),
                    InRows(sums, TTurned.Rows, TTurned.SumRows).Take(rows));
            }
        }
        NativeMemory.AlignedFree(lines);
        NativeMemory.AlignedFree(sums);
    }

    // Of each sixteen rows: 0–3 8–11, 4–7 12–15; of each 32 likewise 0–3 16–19, 4–7 20–23, 8–11 24–27, 12–15 28–31.
    private static int[] InRows(short* sums, int count, int together)
    {
        int[] rows = new int[count];
        int half = together / 2;
        for (int row = 0; row < rows.Length; row++)
            rows[row] = sums[row / together * together + row % half / 4 * 8 + row % together / half * 4 + row % 4];
        return rows;
    }

    private static int[] Shuffled(Random random)
    {
        int[] columns = [.. Enumerable.Range(0, Columns)];
        random.Shuffle(columns);
        return columns;
    }
}
