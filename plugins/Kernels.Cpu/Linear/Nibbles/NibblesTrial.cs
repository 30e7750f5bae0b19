using System.Runtime.InteropServices;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;

namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>A tile source's rows of nibbles beside the built-in ones, on the same weights and activations: whether all bits are the same, and how much faster they are.</summary>
/// <param name="IsEqual">Whether all products are bitwise the same.</param>
/// <param name="Gain">With one activation row, the built-in kernel's time / its time, of the best of many turns.</param>
/// <param name="GainOfSeveral">The same with three.</param>
internal readonly unsafe record struct NibblesTrial(bool IsEqual, double Gain, double GainOfSeveral)
{
    // More rows than share a word of zero points.
    private const int Rows = 19, MostGroups = 32, Columns = MostGroups * Int8Activation.Group, Prefetched = 8192;

    /// <summary>What that says.</summary>
    public Verdict Verdict => new(IsEqual, Gain >= TrialTime.Worth && GainOfSeveral >= TrialTime.NoLoss, FormattableString.Invariant($"{Verdict.Times(Gain)}, {GainOfSeveral:F1} times with three activation rows"));

    public static NibblesTrial Run(NibbleForm form, NativeNibbles native, CpuIsa isa)
    {
        int stride = Int8Activation.Bytes(Columns), products = Rows * NibbleKernel.Most;
        byte* data = Take(Rows * Columns / 2 + Prefetched), scales = Take(Rows * MostGroups * sizeof(float)), others = Take(Rows * MostGroups * sizeof(float)), activations = Take(stride * NibbleKernel.Most);
        float* x = (float*)Take(Columns * sizeof(float)), expected = (float*)Take(products * sizeof(float)), found = (float*)Take(products * sizeof(float));
        byte* scratch = null;
        try
        {
            Random random = new(1);
            random.NextBytes(new Span<byte>(data, Rows * Columns / 2));
            Fill(form, scales, random);
            if (form.Kind == NibbleKind.Zeros)
                random.NextBytes(new Span<byte>(others, Rows * MostGroups * sizeof(float)));
            else
                Fill(form, others, random);
            NibbleRows all = Part(form, MostGroups, data, scales, others);
            scratch = Take(Math.Max(NibbleTable.Kernel(all, null).ScratchBytes, NibbleTable.Kernel(all, native).ScratchBytes));
            bool equal = true;
            foreach (int groups in Lengths(form.Times))
            {
                NibbleRows part = Part(form, groups, data, scales, others);
                NibbleKernel builtIn = NibbleTable.Kernel(part, null), machine = NibbleTable.Kernel(part, native);
                for (int row = 0; row < NibbleKernel.Most; row++)
                {
                    for (int i = 0; i < Columns; i++)
                        x[i] = row == 1 ? -1 : random.NextSingle() - 0.5f;
                    Int8Activation.Prepare(x, part.Columns, activations + row * stride, isa);
                }
                foreach (int first in (int[])[0, 3])
                    for (int count = 1; count <= NibbleKernel.Most; count++)
                    {
                        // Nothing that was right before is taken for a result.
                        new Span<float>(found, products).Fill(-1);
                        builtIn.Multiply(first, Rows - first, scratch, activations, stride, count, expected, Rows - first);
                        machine.Multiply(first, Rows - first, scratch, activations, stride, count, found, Rows - first);
                        equal &= new Span<int>(expected, (Rows - first) * count).SequenceEqual(new Span<int>(found, (Rows - first) * count));
                    }
            }
            NibbleKernel own = NibbleTable.Kernel(all, null), theirs = NibbleTable.Kernel(all, native);
            double Gain(int count) => TrialTime.Gain(() => own.Multiply(0, Rows, scratch, activations, stride, count, expected, Rows), () => theirs.Multiply(0, Rows, scratch, activations, stride, count, found, Rows));
            return new(equal, Gain(1), Gain(NibbleKernel.Most));
        }
        finally
        {
            foreach (nint memory in (nint[])[(nint)data, (nint)scales, (nint)others, (nint)activations, (nint)x, (nint)expected, (nint)found, (nint)scratch])
                NativeMemory.AlignedFree((void*)memory);
        }
    }

    // Whole eights and every number of groups that may be left behind them; a scale for a whole row of any number.
    private static IEnumerable<int> Lengths(int times) => Enumerable.Range(1, 8).Where(left => times == 8 || left % times == 0).SelectMany(left => (int[])[left, 16 + left]).Append(MostGroups);

    private static NibbleRows Part(NibbleForm form, int groups, byte* data, byte* scales, byte* others)
    {
        // A scale for eight groups, for sixteen, or for the row.
        int times = form.Times < 8 ? form.Times : groups % 16 == 0 ? groups / 2 : groups % 8 == 0 ? 8 : (groups + 7) / 8 * 8;
        int bytes = form.Kind == NibbleKind.E2M1 ? 1 : form.Type == ScaleType.F32 ? 4 : 2;
        return new(form.Kind, form.Type, times, groups * Int8Activation.Group, data, scales, (long)Math.Max(1, groups / times) * bytes, form.Kind is NibbleKind.Biases or NibbleKind.Zeros ? others : null);
    }

    // Numbers of both signs, or the bytes of powers of two, the smallest among them.
    private static void Fill(NibbleForm form, byte* to, Random random)
    {
        for (int i = 0; i < Rows * MostGroups; i++)
        {
            float value = random.NextSingle() - 0.4f;
            if (form.Kind == NibbleKind.E2M1)
                to[i] = (byte)(i % 19 < 3 ? i % 19 : random.Next(100, 150));
            else if (form.Type == ScaleType.F32)
                ((float*)to)[i] = value;
            else
                ((ushort*)to)[i] = form.Type == ScaleType.F16 ? BitConverter.HalfToUInt16Bits((Half)value) : (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
        }
    }

    private static byte* Take(long bytes) => (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
}
