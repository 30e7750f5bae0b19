using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Bench;

/// <summary>Billions of activations per second to the int8 form.</summary>
internal static unsafe class PrepareBench
{
    private const int Columns = 4096;
    private const int Passes = 500;

    public static void Run()
    {
        Console.WriteLine($"int8 activations, {Columns} columns, Gvalues/s");
        foreach (CpuIsa isa in new[] { CpuIsa.Scalar, CpuIsa.Detect() }.Distinct())
        {
            using NativeBlock x = new(sizeof(float) * Columns), row = new(Int8Activation.Bytes(Columns));
            Activations.Fill((float*)x.Bytes, Columns);
            Timing timing = Timing.Measure(() =>
            {
                for (int pass = 0; pass < Passes; pass++)
                    Int8Activation.Prepare((float*)x.Bytes, Columns, row.Bytes, isa);
            });
            Console.WriteLine($"{(isa.Avx2 ? "avx2" : "scalar"),-8} {timing.Rate((double)Columns * Passes)}");
        }
    }
}
