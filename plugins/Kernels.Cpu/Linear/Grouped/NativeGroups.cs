using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Native;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>The loop over a row's described groups from a tile source.</summary>
/// <param name="lease">That of <see cref="Layout"/>.</param>
internal sealed unsafe class NativeGroups(ITile lease) : INativeKernel
{
    /// <summary>Bytes of <see cref="Write"/>.</summary>
    public const int TableBytes = (3 * Vector) + sizeof(int) + sizeof(float);

    private const int Vector = 64;

    private readonly delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int, byte*, float*, float*, float*, void> _eights =
        (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int, byte*, float*, float*, float*, void>)lease.EntryPoint;

    /// <summary>What it is made of.</summary>
    public string Description { get; } = lease.Description;

    /// <summary>The layout of the kernel; docs/kernels-cpu-layouts.md says what it stands for.</summary>
    public static string Layout(int bits) => $"cpu.groups.b{bits}.r1";

    /// <summary>Writes what the kernel reads of the places.</summary>
    public static void Write(in GroupPlaces places, byte* table)
    {
        places.Low.Store(table);
        places.High.Store(table + Vector);
        places.Scale.Store(table + (2 * Vector));
        *(int*)(table + (3 * Vector)) = places.Bytes;
        *(float*)(table + (3 * Vector) + sizeof(int)) = places.Zero;
    }

    /// <summary>As <see cref="PermutedGroups.Eights"/>, with the places as <see cref="Write"/> writes them.</summary>
    public void Eights(byte* weights, byte* table, int groups, byte* turned, float* steps, float* sums, float* lanes) => _eights(weights, table, groups, turned, steps, sums, lanes);

    /// <inheritdoc/>
    public void Dispose() => lease.Dispose();
}
