using Tessera.Abstractions.Quantization;
using Tessera.Kernels.Cpu.Jit;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;

namespace Tessera.Kernels.Bench;

/// <summary>GB/s of weights: one activation row against a matrix that is far larger than the caches, and against one that fits the second-level cache.</summary>
internal static unsafe class RowDotBench
{
    private const int Columns = 2048;
    private static readonly int[] Counts = [2, 3, 4, 5, 8, 16];
    private const int OddColumns = 576;
    private const long LargeBytes = 128 << 20;
    private const long SmallBytes = 512 << 10;

    // A pass over the small matrix fits a time slice: on a busy machine the best of many is still the kernel's own.
    private const int Few = 15;
    private const int Many = 400;

    private delegate void Products(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, int count, float* output, nint outputStride);

    public static void Run(string[] names)
    {
        Console.WriteLine($"row dots, GB/s of weights: {LargeBytes >> 20} MB and {SmallBytes >> 10} KB of {Columns} columns, {SmallBytes >> 10} KB of {OddColumns}");
        foreach (IQuantization type in Weights.Select(names))
            foreach (CpuIsa isa in Sets())
            {
                if (!RowDotTable.TryGet(type.Id, isa, out RowDotKernel kernel))
                    continue;
                // The scalar twins are definitions: a small matrix says enough.
                bool twin = isa == CpuIsa.Scalar;
                if (!isa.Avx512 || kernel.InstructionSet == isa.Name)
                    Say(type, kernel, isa, kernel.InstructionSet, kernel.DotRows, twin ? SmallBytes : LargeBytes, twin ? Few : Many);
                using NativeRowDots natives = new([new JitTileSource()], isa);
                if (natives.Find(kernel, out _) is { } native)
                    Say(type, kernel, isa, native.Description, native.DotRows, LargeBytes, Many);
                // The table takes some 512-bit forms of super-blocks only beside the VEX form of VNNI, of which they use nothing.
                if (isa is { Avx512: true, AvxVnni: false } && kernel is { Form: ActivationForm.Int8Blocks256, InstructionSet: "avx2" }
                    && RowDotTable.TryGet(type.Id, isa with { AvxVnni = true }, out RowDotKernel wide) && wide.InstructionSet == isa.Name)
                    Say(type, wide, isa, "(avx512)", wide.DotRows, LargeBytes, Many);
            }
    }

    /// <summary>What a step of a few activation rows costs beside one of one: the matrix that fits the second-level cache, so that the memory hides nothing, and the large one.</summary>
    public static void RunRows(string[] names)
    {
        Console.WriteLine($"row dots, time of so many activation rows / time of one: {SmallBytes >> 10} KB of {Columns} columns, then {LargeBytes >> 20} MB");
        CpuIsa isa = CpuIsa.Detect();
        foreach (IQuantization type in Weights.Select(names))
            if (RowDotTable.TryGet(type.Id, isa, out RowDotKernel kernel))
            {
                SayRows(type, kernel, isa, kernel.InstructionSet, kernel.DotRows);
                using NativeRowDots natives = new([new JitTileSource()], isa);
                if (natives.Find(kernel, out _) is { } native)
                    SayRows(type, kernel, isa, native.Description, native.DotRows);
            }
    }

    private static void SayRows(IQuantization type, RowDotKernel kernel, CpuIsa isa, string name, Products products)
    {
        double one = Seconds(type, kernel, isa, products, 1, SmallBytes, Many), large = Seconds(type, kernel, isa, products, 1, LargeBytes, Few);
        Console.WriteLine($"{type.Id,-7} {name,-11} {string.Join("   ", Counts.Select(count => $"{count}: {Seconds(type, kernel, isa, products, count, SmallBytes, Many) / one:F2} {Seconds(type, kernel, isa, products, count, LargeBytes, Few) / large:F2}"))}");
    }

    private static void Say(IQuantization type, RowDotKernel kernel, CpuIsa isa, string name, Products products, long large, int many) =>
        Console.WriteLine($"{type.Id,-7} {name,-11} {Rate(type, kernel, isa, products, large, Columns, Few)}   {Rate(type, kernel, isa, products, SmallBytes, Columns, many)}   {(OddColumns % type.BlockSize == 0 ? Rate(type, kernel, isa, products, SmallBytes, OddColumns, many) : "")}");

    private static string Rate(IQuantization type, RowDotKernel kernel, CpuIsa isa, Products products, long bytes, int columns, int repeats) =>
        Measure(type, kernel, isa, products, 1, bytes, columns, repeats, out long length).Rate(length);

    private static double Seconds(IQuantization type, RowDotKernel kernel, CpuIsa isa, Products products, int count, long bytes, int repeats) =>
        Measure(type, kernel, isa, products, count, bytes, Columns, repeats, out _).Best;

    private static Timing Measure(IQuantization type, RowDotKernel kernel, CpuIsa isa, Products products, int count, long bytes, int columns, int repeats, out long length)
    {
        int rows = (int)(bytes / Weights.BytesOfRow(type, columns)), stride = Activations.Stride(columns, kernel.Form);
        using Weights weights = new(type, rows, columns);
        using NativeBlock activations = Activations.Rows(count, columns, kernel.Form, isa), output = new((long)sizeof(float) * rows * count);
        length = weights.Length;
        return Timing.Measure(() => products(weights.Data, weights.RowBytes, rows, columns, activations.Bytes, stride, count, (float*)output.Bytes, rows), repeats);
    }

    private static IEnumerable<CpuIsa> Sets()
    {
        CpuIsa here = CpuIsa.Detect();
        yield return CpuIsa.Scalar;
        if (here.Avx2)
            yield return new CpuIsa(Avx2: true, AvxVnni: false, Avx512: false);
        if (here.AvxVnni)
            yield return new CpuIsa(Avx2: true, AvxVnni: true, Avx512: false);
        if (here.Avx512)
            yield return here;
    }
}
