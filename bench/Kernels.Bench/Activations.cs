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

    /// <summary>Bytes from one prepared row to the next, as products have them: a power of two would put all rows into the same lines of the cache.</summary>
    public static int Stride(int columns, ActivationForm form) => form switch
    {
        ActivationForm.Int8Groups32 => Int8Activation.Bytes(columns),
        ActivationForm.Int8Blocks256 => Int8SuperActivation.Bytes(columns),
        _ => (sizeof(float) * columns + 63) & ~63,
    };

    /// <summary>Random rows, prepared, one <see cref="Stride"/> after the other.</summary>
    public static NativeBlock Rows(int count, int columns, ActivationForm form, CpuIsa isa)
    {
        int stride = Stride(columns, form);
        NativeBlock rows = new((long)stride * count);
        float[] values = new float[columns];
        fixed (float* x = values)
        {
            Fill(x, columns);
            for (byte* row = rows.Bytes; row < rows.Bytes + (long)stride * count; row += stride)
                if (form == ActivationForm.Int8Groups32)
                    Int8Activation.Prepare(x, columns, row, isa);
                else if (form == ActivationForm.Int8Blocks256)
                    Int8SuperActivation.Prepare(x, columns, row, isa);
                else
                    Buffer.MemoryCopy(x, row, stride, (long)sizeof(float) * columns);
        }
        return rows;
    }
}
