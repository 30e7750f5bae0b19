using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Grouped.Found;

/// <summary>An order of a group's 32 bytes. Needs AVX2.</summary>
internal sealed unsafe class ElementOrder
{
    private const byte Nothing = 0x80;

    // Of each byte's half of 16, and of the other one.
    private readonly Vector256<byte> _near, _far;

    private ElementOrder(ReadOnlySpan<byte> from)
    {
        Span<byte> near = stackalloc byte[GroupLayout.Elements], far = stackalloc byte[GroupLayout.Elements];
        for (int i = 0; i < from.Length; i++)
            (near[i], far[i]) = from[i] / 16 == i / 16 ? ((byte)(from[i] % 16), Nothing) : (Nothing, (byte)(from[i] % 16));
        (_near, _far) = (Vector256.Create<byte>(near), Vector256.Create<byte>(far));
    }

    /// <summary>The order in which byte i is the one that stood at <c>from[i]</c>, and the way back; null where all stay in their places.</summary>
    /// <param name="from">Each number from 0 to 31 once.</param>
    public static (ElementOrder To, ElementOrder Back)? Of(ReadOnlySpan<byte> from)
    {
        Span<byte> back = stackalloc byte[GroupLayout.Elements];
        bool stays = true;
        for (int i = 0; i < from.Length; i++)
        {
            back[from[i]] = (byte)i;
            stays &= from[i] == i;
        }
        return stays ? null : (new ElementOrder(from), new ElementOrder(back));
    }

    /// <summary>Brings groups into this order.</summary>
    /// <param name="from">The first group's bytes.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="to">Where they go, possibly where they stand.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Place(byte* from, int groups, byte* to)
    {
        Vector256<byte> near = _near, far = _far;
        for (int group = 0; group < groups; group++, from += GroupLayout.Elements, to += GroupLayout.Elements)
        {
            Vector256<byte> bytes = Vector256.Load(from);
            (Avx2.Shuffle(bytes, near) | Avx2.Shuffle(Avx2.Permute2x128(bytes, bytes, 1), far)).Store(to);
        }
    }
}
