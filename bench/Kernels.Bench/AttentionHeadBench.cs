using System.Runtime.InteropServices;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Floats;

namespace Tessera.Kernels.Bench;

/// <summary>Nanoseconds that a tile takes of attention's kernels, a stretch of tiles from the second-level cache: sums for one length of value beside those for any. The kinds take turns.</summary>
internal static unsafe class AttentionHeadBench
{
    private const int Tiles = AttentionTile.Stretch / AttentionTile.Entries, Rounds = 40, Work = 1 << 20;

    public static void Run(bool wide)
    {
        Console.WriteLine($"attention's kernels, {(wide ? 512 : 256)}-bit vectors, ns a tile, best and median: scores, sums for this length, sums for any");
        foreach (int length in (int[])[64, 80, 96, 128, 256])
            foreach (int heads in wide ? (int[])[1, 2, 3, 4] : [1, 2])
            {
                Measure<F32>(wide, length, heads);
                if (wide)
                    Measure<FiniteF16>(wide, length, heads);
            }
    }

    private static void Measure<TElement>(bool wide, int length, int heads)
        where TElement : struct, IFloatWeight
    {
        AttentionKernels chosen = AttentionKernels.For<TElement>(wide, length), any = AttentionKernels.Of<TElement, AnyHead>(wide);
        nuint bytes = (nuint)(length * AttentionTile.Entries * TElement.Bytes);
        byte* data = (byte*)NativeMemory.AlignedAlloc(bytes * (Tiles + AttentionTile.Ahead), 64);
        float* floats = (float*)NativeMemory.AlignedAlloc((nuint)(sizeof(float) * heads * (2 * length + 2 * AttentionTile.ScoreStride)), 64);
        NativeMemory.Clear(data, bytes * (Tiles + AttentionTile.Ahead));
        NativeMemory.Clear(floats, (nuint)(sizeof(float) * heads * (2 * length + 2 * AttentionTile.ScoreStride)));
        float* query = floats, outputs = query + heads * length, scores = outputs + heads * length, weights = scores + heads * AttentionTile.ScoreStride;
        byte** tiles = stackalloc byte*[Tiles + AttentionTile.Ahead];
        for (int i = 0; i < Tiles + AttentionTile.Ahead; i++)
            tiles[i] = data + (nuint)i * bytes;
        int repeats = Work / (length * Tiles);
        double[][] seconds = [new double[Rounds], new double[Rounds], new double[Rounds]];
        for (int round = -1; round < Rounds; round++)
            for (int kind = 0; kind < 3; kind++)
            {
                AttentionKernels kernels = kind == 1 ? chosen : any;
                double start = Machine.ThreadSeconds();
                for (int i = 0; i < repeats; i++)
                    if (kind == 0)
                        kernels.Score(heads, query, length, tiles, Tiles, length, scores);
                    else
                        kernels.Accumulate(heads, weights, tiles, Tiles, 0, AttentionTile.Entries, outputs, length, length);
                if (round >= 0)
                    seconds[kind][round] = Machine.ThreadSeconds() - start;
            }
        Console.WriteLine($"{length,4} {heads} {typeof(TElement).Name,-10}{string.Join(" ", seconds.Select(s => string.Join("", s.Order().Where((_, i) => i is 0 or Rounds / 2).Select(t => $" {t / (repeats * Tiles) * 1e9,6:F1}"))))}");
        NativeMemory.AlignedFree(data);
        NativeMemory.AlignedFree(floats);
    }
}
