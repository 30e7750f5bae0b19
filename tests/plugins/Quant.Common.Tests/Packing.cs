namespace Tessera.Quant.Common.Tests;

/// <summary>Packs integers as the formats' own texts say, one bit at a time.</summary>
internal static class Packing
{
    /// <summary>A little-endian stream.</summary>
    public static byte[] Stream(IReadOnlyList<int> values, int bits)
    {
        byte[] bytes = new byte[(values.Count * bits + 7) / 8];
        for (int i = 0; i < values.Count; i++)
            for (int bit = 0; bit < bits; bit++)
                if ((values[i] >> bit & 1) != 0)
                    bytes[(i * bits + bit) / 8] |= (byte)(1 << (i * bits + bit) % 8);
        return bytes;
    }

    /// <summary>GPTQ's words [columns · bits / 32, rows], each row's stream down its column of words.</summary>
    public static byte[] Down(int[,] values, int bits)
    {
        int rows = values.GetLength(0), lines = values.GetLength(1) * bits / 32;
        byte[] words = new byte[lines * rows * 4];
        for (int row = 0; row < rows; row++)
        {
            byte[] stream = Stream(Row(values, row), bits);
            for (int line = 0; line < lines; line++)
                stream.AsSpan(4 * line, 4).CopyTo(words.AsSpan((line * rows + row) * 4));
        }
        return words;
    }

    /// <summary>AWQ's words of a matrix [lines, rows]: nibble k of a word is of row 0 2 4 6 1 3 5 7 [k].</summary>
    public static byte[] Awq(int[,] transposed)
    {
        int[] order = [0, 2, 4, 6, 1, 3, 5, 7];
        List<int> nibbles = [];
        for (int line = 0; line < transposed.GetLength(0); line++)
            for (int word = 0; word < transposed.GetLength(1); word += 8)
                nibbles.AddRange(order.Select(place => transposed[line, word + place]));
        return Stream(nibbles, 4);
    }

    /// <summary>A row of a matrix.</summary>
    public static int[] Row(int[,] values, int row) => [.. Enumerable.Range(0, values.GetLength(1)).Select(i => values[row, i])];

    /// <summary>The transposed matrix.</summary>
    public static int[,] Transpose(int[,] values)
    {
        int[,] transposed = new int[values.GetLength(1), values.GetLength(0)];
        for (int i = 0; i < transposed.GetLength(0); i++)
            for (int k = 0; k < transposed.GetLength(1); k++)
                transposed[i, k] = values[k, i];
        return transposed;
    }

    /// <summary>Random integers below a bound.</summary>
    public static int[,] Random(int rows, int columns, int below, int seed)
    {
        Random random = new(seed);
        int[,] values = new int[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int k = 0; k < columns; k++)
                values[i, k] = random.Next(below);
        return values;
    }

    /// <summary>Random scales of both signs that halves hold.</summary>
    public static Half[] Scales(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(i => (Half)((random.NextSingle() - 0.4f) * MathF.Pow(2, i % 9 - 7)))];
    }
}
