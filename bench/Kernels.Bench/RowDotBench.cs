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
    private const long BlockBytes = 16 << 10;
    private static readonly int[] RowCounts = [1, 2, 3, 4, 64];

    public static void Run(string[] names)
    {
        Console.WriteLine($"row dots, GB/s of weights: {LargeBytes >> 20} MB and {SmallBytes >> 10} KB of {Columns} columns, {SmallBytes >> 10} KB of {OddColumns}");
        foreach (IQuantization type in Weights.Select(names))
            foreach (CpuIsa isa in Sets())
            {
                if (!RowDotTable.TryGet(type.Id, isa, out RowDotKernel kernel) || (isa.Avx512 && kernel.InstructionSet != isa.Name))
                    continue;
                // The scalar twins are definitions: a small matrix says enough.
                long large = isa == CpuIsa.Scalar ? SmallBytes : LargeBytes;
                Console.WriteLine($"{type.Id,-7} {kernel.InstructionSet,-10} {Measure(type, kernel, isa, large, Columns, 1)}   {Measure(type, kernel, isa, SmallBytes, Columns, 20)}   {(OddColumns % type.BlockSize == 0 ? Measure(type, kernel, isa, SmallBytes, OddColumns, 20) : "")}");
            }
    }

    private static string Measure(IQuantization type, RowDotKernel kernel, CpuIsa isa, long bytes, int columns, int passes)
    {
        int rows = (int)(bytes / Weights.BytesOfRow(type, columns));
        using Weights weights = new(type, rows, columns);
        using NativeBlock activation = new(Math.Max(Int8Activation.Bytes(columns), sizeof(float) * columns)), output = new(sizeof(float) * rows);
        Activations.Fill((float*)activation.Bytes, columns);
        if (kernel.Form == ActivationForm.Int8Groups32)
            Activations.Prepare(activation.Bytes, columns, isa);
        Timing timing = Timing.Measure(() =>
        {
            for (int pass = 0; pass < passes; pass++)
                kernel.Dot(weights.Data, weights.RowBytes, rows, columns, activation.Bytes, (float*)output.Bytes);
        });
        return timing.Rate((double)weights.Length * passes);
    }

    /// <summary>Billions of multiply-adds per second of one matrix with 1 and with several activation rows.</summary>
    public static void RunRows(string[] names)
    {
        Console.WriteLine($"row dots, G multiply-adds/s, {BlockBytes >> 10} KB of weights of {OddColumns} or {Columns} columns (best and median), activation rows: {string.Join(", ", RowCounts)}");
        foreach (IQuantization type in Weights.Select(names))
            foreach (CpuIsa isa in Sets().Where(isa => isa != CpuIsa.Scalar))
                if (RowDotTable.TryGet(type.Id, isa, out RowDotKernel kernel) && !(isa.Avx512 && kernel.InstructionSet != isa.Name))
                    Console.WriteLine($"{type.Id,-7} {kernel.InstructionSet,-10} {string.Join("   ", RowCounts.Select(count => MeasureRows(type, kernel, isa, OddColumns % type.BlockSize == 0 ? OddColumns : Columns, count)))}");
    }

    private static string MeasureRows(IQuantization type, RowDotKernel kernel, CpuIsa isa, int columns, int count)
    {
        int rows = (int)(BlockBytes / Weights.BytesOfRow(type, columns)), stride = Math.Max(Int8Activation.Bytes(columns), sizeof(float) * columns);
        using Weights weights = new(type, rows, columns);
        using NativeBlock activations = new((long)stride * count), output = new((long)sizeof(float) * rows * count);
        for (int row = 0; row < count; row++)
        {
            Activations.Fill((float*)(activations.Bytes + row * stride), columns);
            if (kernel.Form == ActivationForm.Int8Groups32)
                Activations.Prepare(activations.Bytes + row * stride, columns, isa);
        }
        int passes = 512 / count;
        Timing timing = Timing.Measure(() =>
        {
            for (int pass = 0; pass < passes; pass++)
                kernel.DotRows(weights.Data, weights.RowBytes, rows, columns, activations.Bytes, stride, count, (float*)output.Bytes, rows);
        });
        return timing.Rate((double)rows * columns * count * passes);
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
