using Tessera.Kernels.Cpu.RowDots.Floats;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>What attention's rows call for tiles of the cache, by the number of query heads: chosen once, by instruction set, type of elements and length of a value.</summary>
internal sealed unsafe class AttentionKernels
{
    private readonly delegate*<float*, int, byte**, int, int, float*, void>[] _scores;
    private readonly delegate*<float*, byte**, int, int, int, float*, int, int, void>[] _sums;

    private AttentionKernels(int elements, delegate*<float*, int, byte**, int, int, float*, void>[] scores, delegate*<float*, byte**, int, int, int, float*, int, int, void>[] sums)
    {
        Elements = elements;
        _scores = scores;
        _sums = sums;
    }

    /// <summary>The elements of a value that sums are made for; 0: any number.</summary>
    public int Elements { get; }

    /// <summary>The most query heads of a call.</summary>
    public int MostHeads => _scores.Length;

    /// <summary>Chooses kernels.</summary>
    /// <typeparam name="TElement">What tiles hold; floats for vectors of 256 bits.</typeparam>
    /// <param name="wide">Vectors of 512 bits.</param>
    /// <param name="elements">Elements of a value.</param>
    public static AttentionKernels For<TElement>(bool wide, int elements)
        where TElement : struct, IFloatWeight => elements switch
        {
            64 => Of<TElement, Head64>(wide),
            80 => Of<TElement, Head80>(wide),
            96 => Of<TElement, Head96>(wide),
            128 => Of<TElement, Head128>(wide),
            256 => Of<TElement, Head256>(wide),
            _ => Of<TElement, AnyHead>(wide),
        };

    /// <summary>Kernels for values of one length, or of any.</summary>
    public static AttentionKernels Of<TElement, THead>(bool wide)
        where TElement : struct, IFloatWeight
        where THead : struct, IHeadLength => wide
        ? new AttentionKernels(
            THead.Elements,
            [&AttentionTile512.Score<TElement, Count1>, &AttentionTile512.Score<TElement, Count2>, &AttentionTile512.Score<TElement, Count3>, &AttentionTile512.Score<TElement, Count4>],
            [&AttentionTile512.Accumulate<TElement, Count1, THead>, &AttentionTile512.Accumulate<TElement, Count2, THead>, &AttentionTile512.Accumulate<TElement, Count3, THead>, &AttentionTile512.Accumulate<TElement, Count4, THead>])
        : new AttentionKernels(
            THead.Elements,
            [&AttentionTile.Score<Count1>, &AttentionTile.Score<Count2>],
            [&AttentionTile.Accumulate<Count1, THead>, &AttentionTile.Accumulate<Count2, THead>]);

    /// <summary>The scores of so many heads, as <see cref="AttentionTile512"/> has them.</summary>
    public void Score(int heads, float* query, int stride, byte** tiles, int count, int length, float* scores) => _scores[heads - 1](query, stride, tiles, count, length, scores);

    /// <summary>Adds the weighted values of so many heads, as <see cref="AttentionTile512"/> does.</summary>
    public void Accumulate(int heads, float* weights, byte** tiles, int count, int first, int end, float* outputs, int stride, int length) => _sums[heads - 1](weights, tiles, count, first, end, outputs, stride, length);
}
