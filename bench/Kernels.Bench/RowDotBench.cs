using Tessera.Abstractions.Quantization;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Bench;

/// <summary>GB/s of weights: one activation row against a matrix that is far larger than the caches, and against one that fits the second-level cache.</summary>
internal static unsafe class RowDotBench
{
    private const int Columns = 2048;
    private const int OddColumns = 576;
    private const long LargeBytes = 128 << 20;
    private const long SmallBytes = 512 << 10;

    // A pass over the small matrix fits a time slice: on a busy machine the best of many is still the kernel's own.
    private const int Few = 15;
    private const int Many = 400;

    public static void Run(string[] names)
    {
        Console.WriteLine($"row dots, GB/s of weights: {LargeBytes >> 20} MB and {SmallBytes >> 10} KB of {Columns} columns, {SmallBytes >> 10} KB of {OddColumns}");
        foreach (IQuantization type in Weights.Select(names))
            foreach (CpuIsa isa in Sets())
            {
                if (!RowDotTable.TryGet(type.Id, isa, out RowDotKernel kernel) || (isa.Avx512 && kernel.InstructionSet != isa.Name))
                    continue;
                // The scalar twins are definitions: a small matrix says enough.
                bool twin = isa == CpuIsa.Scalar;
                long large = twin ? SmallBytes : LargeBytes;
                int many = twin ? Few : Many;
                Console.WriteLine($"{type.Id,-7} {kernel.InstructionSet,-10} {Measure(type, kernel, isa, large, Columns, Few)}   {Measure(type, kernel, isa, SmallBytes, Columns, many)}   {(OddColumns % type.BlockSize == 0 ? Measure(type, kernel, isa, SmallBytes, OddColumns, many) : "")}");
            }
    }

    private static string Measure(IQuantization type, RowDotKernel kernel, CpuIsa isa, long bytes, int columns, int repeats)
    {
        int rows = (int)(bytes / Weights.BytesOfRow(type, columns));
        using Weights weights = new(type, rows, columns);
        using NativeBlock activation = new(Math.Max(Int8Activation.Bytes(columns), sizeof(float) * columns)), output = new(sizeof(float) * rows);
        Activations.Fill((float*)activation.Bytes, columns);
        Activations.Prepare(activation.Bytes, columns, kernel.Form, isa);
        Timing timing = Timing.Measure(() => kernel.Dot(weights.Data, weights.RowBytes, rows, columns, activation.Bytes, (float*)output.Bytes), repeats);
        return timing.Rate(weights.Length);
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
