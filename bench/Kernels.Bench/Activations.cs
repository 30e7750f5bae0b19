using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Bench;

/// <summary>Random activation rows.</summary>
internal static unsafe class Activations
{
    public static void Fill(float* x, int columns)
    {
        Random random = new(2);
        for (int i = 0; i < columns; i++)
            x[i] = random.NextSingle() - 0.5f;
    }

    /// <summary>Prepares floats in place.</summary>
    public static void Prepare(byte* row, int columns, ActivationForm form, CpuIsa isa)
    {
        float[] copy = new Span<float>(row, columns).ToArray();
        fixed (float* x = copy)
            if (form == ActivationForm.Int8Groups32)
                Int8Activation.Prepare(x, columns, row, isa);
            else if (form == ActivationForm.Int8Blocks256)
                Int8SuperActivation.Prepare(x, columns, row, isa);
    }
}
