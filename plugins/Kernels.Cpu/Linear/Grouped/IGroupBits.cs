using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>
/// The products of eight turned groups' elements, their bits mostly left where they stand in their bytes: a sum of products of the same bit of bytes is that many times too large, and is shifted once for all of them, before
/// sums of lower bits are added to it. A type argument, so that the calls vanish.
/// </summary>
internal unsafe interface IGroupBits
{
    /// <summary>2 or 4: low bits that stand together in a byte.</summary>
    static abstract int Low { get; }

    /// <summary>Eight groups' sums of products.</summary>
    /// <param name="low">The low bits, four bytes of each group in a vector: two vectors of pairs, four of nibbles.</param>
    /// <param name="numbers">The groups' highest bits, bit e that of element e; without meaning where there are none.</param>
    /// <param name="x">The activations as <see cref="GroupedRows.Turn"/> writes them: four columns of each group in a vector, eight of them; where elements have a highest bit, then eight with each eighth column, as bytes of
    /// <paramref name="numbers"/> have their bits.</param>
    static abstract Vector256<int> Products(in FourLow low, Vector256<uint> numbers, sbyte* x);
}
