using System.Diagnostics;
using System.Runtime.InteropServices;
using Tessera.Kernels.Cpu.Lowering;

namespace Tessera.Kernels.Cpu.Cache.Entries;

/// <summary>Machine code of a tile source that widens halves: tried at load on every half that there is, and used where it gives the same floats faster.</summary>
internal sealed unsafe class NativeHalves : IDisposable
{
    /// <summary>The layout's id.</summary>
    public const string Layout = "cpu.halves.r1";

    private const int All = 1 << 16, Timed = 1024, Turns = 15, Passes = 64;
    private const double LeastGain = 1.05;

    private readonly ITile _lease;
    private readonly delegate* unmanaged[SuppressGCTransition]<ushort*, int, float*, void> _entry;

    private NativeHalves(ITile lease)
    {
        _lease = lease;
        _entry = (delegate* unmanaged[SuppressGCTransition]<ushort*, int, float*, void>)lease.EntryPoint;
    }

    /// <summary>What it is made of.</summary>
    public string Description => _lease.Description;

    /// <summary>The first source's code that is as it should be; null where there is none.</summary>
    /// <param name="sources">Tile sources, in order of preference.</param>
    /// <param name="refused">What was found and is not used, and why; empty where nothing was.</param>
    public static NativeHalves? Find(IReadOnlyList<ITileSource> sources, out string refused)
    {
        refused = "";
        foreach (ITileSource source in sources)
        {
            if (TileLeases.Take(source, [Layout], ref refused) is not [var lease])
                continue;
            NativeHalves native = new(lease);
            string wrong = native.Try();
            if (wrong.Length == 0)
            {
                refused = "";
                return native;
            }
            refused = $"{native.Description} not used: {wrong}";
            native.Dispose();
        }
        return null;
    }

    /// <summary>Widens a run of elements.</summary>
    /// <param name="source">The elements.</param>
    /// <param name="count">A multiple of 8.</param>
    /// <param name="destination">The floats.</param>
    public void Widen(ushort* source, int count, float* destination) => _entry(source, count, destination);

    /// <inheritdoc/>
    public void Dispose() => _lease.Dispose();

    // What is wrong with it, or nothing.
    private string Try()
    {
        ushort* halves = (ushort*)NativeMemory.AlignedAlloc(All * sizeof(ushort), 64);
        float* expected = (float*)NativeMemory.AlignedAlloc(All * sizeof(float), 64), found = (float*)NativeMemory.AlignedAlloc(All * sizeof(float), 64);
        try
        {
            for (int i = 0; i < All; i++)
                halves[i] = (ushort)i;
            HalfEntries.Read(halves, All, expected);
            Widen(halves, All, found);
            for (int i = 0; i < All; i++)
                if (float.IsNaN(expected[i]) ? !float.IsNaN(found[i]) : BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(found[i]))
                    return "its floats are not the halves";
            double gain = Gain(halves, expected);
            return gain >= LeastGain ? "" : $"{gain:F1} times as fast as the built-in code";
        }
        finally
        {
            NativeMemory.AlignedFree(halves);
            NativeMemory.AlignedFree(expected);
            NativeMemory.AlignedFree(found);
        }
    }

    private double Gain(ushort* halves, float* to)
    {
        long own = long.MaxValue, machine = long.MaxValue;
        for (int turn = 0; turn < Turns; turn++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int pass = 0; pass < Passes; pass++)
                HalfEntries.ReadFinite(halves, Timed, to);
            long between = Stopwatch.GetTimestamp();
            for (int pass = 0; pass < Passes; pass++)
                Widen(halves, Timed, to);
            machine = Math.Min(machine, Stopwatch.GetTimestamp() - between);
            own = Math.Min(own, between - start);
        }
        return (double)own / machine;
    }
}
