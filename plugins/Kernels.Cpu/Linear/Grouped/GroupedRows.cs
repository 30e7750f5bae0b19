using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Linear.Grouped.Found;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>
/// Rows of described groups times an activation row, unpacked in registers; bitwise what <see cref="AffineDot.Rows32"/> makes of their bytes. Eight groups are turned, so that a vector holds four elements of all of
/// them and no product is added across it; activations are turned alike, once for all rows of a block, and for highest bits a second time.
/// </summary>
internal sealed unsafe class GroupedRows
{
    private const int Group = Int8Activation.Group, Lanes = GroupSum.Lanes, Eighths = Group / Lanes, Step = Lanes * Group, RestBytes = (Lanes * GroupPlaces.MostBytes) + 64;

    private readonly GroupPlaces _places;
    private readonly delegate*<byte*, in GroupPlaces, int, byte*, float*, float*, float*, void> _eights;
    private readonly int _reach, _stepBytes;

    // Of a group, each eighth column from the first on, then from the second on, and so on; null where no bits are apart.
    private readonly ElementOrder? _eighths;

    // Pinned: the machine code reads it.
    private readonly byte[] _table = GC.AllocateArray<byte>(NativeGroups.TableBytes, pinned: true);
    private readonly NativeGroups? _native;

    private GroupedRows(GroupPlaces places, int bits, CpuIsa isa, NativeGroups? native)
    {
        _places = places;
        _native = native;
        bool permuted = IsPermuted(places, bits, isa);
        fixed (byte* table = _table)
            NativeGroups.Write(places, table);
        _reach = places.Reach(permuted);
        _eights = (bits, isa.AvxVnni, permuted) switch
        {
            (2, _, true) => &PermutedGroups.Eights<NoHighBits>,
            (3, _, true) => &PermutedGroups.Eights<OneHighBit>,
            (2, false, _) => &TurnedGroups.Eights<PairBits<NoHighBits>, NoHighBits>,
            (2, true, _) => &TurnedGroups.Eights<VnniPairBits<NoHighBits>, NoHighBits>,
            (3, false, _) => &TurnedGroups.Eights<PairBits<OneHighBit>, OneHighBit>,
            (3, true, _) => &TurnedGroups.Eights<VnniPairBits<OneHighBit>, OneHighBit>,
            (4, false, _) => &TurnedGroups.Eights<NibbleBits<NoHighBits>, NoHighBits>,
            (4, true, _) => &TurnedGroups.Eights<VnniNibbleBits<NoHighBits>, NoHighBits>,
            (_, false, _) => &TurnedGroups.Eights<NibbleBits<OneHighBit>, OneHighBit>,
            (_, true, _) => &TurnedGroups.Eights<VnniNibbleBits<OneHighBit>, OneHighBit>,
        };
        _eighths = permuted || bits % 2 == 0 ? null : ElementOrder.Of([.. Enumerable.Range(0, Group).Select(i => (byte)((i % Eighths * Lanes) + (i / Eighths)))])!.Value.To;
        _stepBytes = StepBytes(_eighths is null ? 0 : 1);
        InstructionSet = permuted ? "avx512" : isa.AvxVnni ? "avx2-vnni" : "avx2";
    }

    /// <summary>What it is written with, as the option <c>isa</c> spells it.</summary>
    public string InstructionSet { get; }

    /// <summary>Bytes of a group.</summary>
    public int Bytes => _places.Bytes;

    /// <summary>Those of a layout; null where they are better unpacked to memory.</summary>
    /// <param name="layout">What a group looks like.</param>
    /// <param name="isa">What may be used.</param>
    /// <param name="native">Machine code for the loop, where <see cref="TakesNative"/>.</param>
    public static GroupedRows? Of(GroupLayout layout, CpuIsa isa, NativeGroups? native = null) => isa.Avx2 && GroupPlaces.Of(layout) is { } places ? new GroupedRows(places, layout.Bits, isa, native) : null;

    /// <summary>Whether the loop over a layout's groups may be machine code.</summary>
    public static bool TakesNative(GroupLayout layout, CpuIsa isa) => GroupPlaces.Of(layout) is { } places && IsPermuted(places, layout.Bits, isa);

    /// <summary>Bytes of eight turned groups of activations, for elements with so many highest bits apart from the others.</summary>
    public static int StepBytes(int highBits) => Step * (1 + highBits);

    /// <summary>Bytes of a turned activation row.</summary>
    public int TurnedBytes(int columns) => (columns + Step - 1) / Step * _stepBytes;

    /// <summary>Turns the signed bytes of a prepared row, as <see cref="IGroupBits.Products"/> reads them. Behind the last column comes what the row has there.</summary>
    /// <param name="activation">The prepared row.</param>
    /// <param name="columns">A multiple of 32.</param>
    /// <param name="turned">Takes <see cref="TurnedBytes"/>.</param>
    /// <param name="order">The order of the groups' elements; null: as they stand.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public void Turn(byte* activation, int columns, byte* turned, ElementOrder? order = null)
    {
        byte* eight = stackalloc byte[Step];
        for (int at = 0; at < columns; at += Step, turned += _stepBytes)
        {
            byte* from = activation + at;
            if (order is not null)
            {
                order.Place(from, Lanes, eight);
                from = eight;
            }
            Eight.Place(from, turned);
            if (_eighths is null)
                continue;
            _eighths.Place(from, Lanes, eight);
            Eight.Place(eight, turned + Step);
        }
    }

    /// <summary>The products of consecutive rows.</summary>
    /// <param name="weights">The first row.</param>
    /// <param name="end">The end of the weight's last row: from there on nothing is read.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">A multiple of 32.</param>
    /// <param name="activation">The prepared row.</param>
    /// <param name="turned">Its bytes, turned.</param>
    /// <param name="output">A float for each row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Multiply(byte* weights, byte* end, int rows, int columns, byte* activation, byte* turned, float* output)
    {
        float* steps = (float*)(activation + Int8Activation.ScaleOffset(columns)), sums = (float*)(activation + Int8Activation.SumOffset(columns));
        byte* rest = stackalloc byte[RestBytes];
        int groups = columns / Group, bytes = _places.Bytes;
        for (int row = 0; row < rows; row++, weights += (nint)groups * bytes)
        {
            long room = end - weights - _reach;
            int whole = room < 0 ? 0 : (int)Math.Min(groups / Lanes, (room / (Lanes * bytes)) + 1) * Lanes;
            Vector256<float> lanes = default;
            Eights(weights, whole, turned, steps, sums, (float*)&lanes);
            for (int group = whole; group < groups; group += Lanes)
            {
                // Groups that are not there are zeros with a scale of zero.
                int length = Math.Min(Lanes, groups - group) * bytes;
                new Span<byte>(rest, RestBytes).Clear();
                Buffer.MemoryCopy(weights + ((nint)group * bytes), rest, RestBytes, length);
                Eights(rest, Lanes, turned + (group / Lanes * _stepBytes), steps + group, sums + group, (float*)&lanes);
            }
            output[row] = GroupSum.Of(lanes);
        }
    }

    private void Eights(byte* weights, int groups, byte* turned, float* steps, float* sums, float* lanes)
    {
        if (_native is not null)
            _native.Eights(weights, (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_table)), groups, turned, steps, sums, lanes);
        else
            _eights(weights, _places, groups, turned, steps, sums, lanes);
    }

    private static bool IsPermuted(GroupPlaces places, int bits, CpuIsa isa) => isa.Avx512Vbmi && bits < 4 && places.Bytes <= GroupPlaces.MostPermuted;

    /// <summary>Runs all of it once, so that no step waits for the compiler.</summary>
    public void Compile()
    {
        byte* zeros = stackalloc byte[Int8Activation.Bytes(Group)], turned = stackalloc byte[StepBytes(1)];
        float output;
        new Span<byte>(zeros, Int8Activation.Bytes(Group)).Clear();
        Turn(zeros, Group, turned);
        Multiply(zeros, zeros + _places.Bytes, 1, Group, zeros, turned, &output);
    }
}
