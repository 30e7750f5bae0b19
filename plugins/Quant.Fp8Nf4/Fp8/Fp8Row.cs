using System.Runtime.Intrinsics.X86;

namespace Tessera.Quant.Fp8Nf4.Fp8;

/// <summary>An activation row in the order in which the dot product gives the weights, with zeros up to a multiple of 64 columns.</summary>
internal static unsafe class Fp8Row
{
    /// <summary>Columns that are prepared together.</summary>
    public const int Unit = 64;

    /// <summary>Columns that a dot product takes at once; 0: one after the other, in their own order.</summary>
    public static int Width => Avx512Vbmi.IsSupported ? 64 : Avx2.IsSupported && Fma.IsSupported ? 32 : 0;

    /// <summary>Floats of a prepared row.</summary>
    public static int Length(int columns) => checked((columns + Unit - 1) / Unit * Unit);

    /// <summary>Prepares a row.</summary>
    public static void Prepare(float* source, int columns, float* destination)
    {
        int i = 0;
        for (; i <= columns - Unit; i += Unit)
            PrepareUnit(source + i, destination + i);
        if (i == columns)
            return;
        float* rest = stackalloc float[Unit];
        new Span<float>(source + i, columns - i).CopyTo(new Span<float>(rest, Unit));
        new Span<float>(rest + (columns - i), Unit - (columns - i)).Clear();
        PrepareUnit(rest, destination + i);
    }

    // Bytes are unpacked in parts of 16, the low eight before the high eight; in 32 bits there are the even ones, then the odd ones.
    private static void PrepareUnit(float* source, float* destination)
    {
        int width = Width;
        if (width == 0)
        {
            new Span<float>(source, Unit).CopyTo(new Span<float>(destination, Unit));
            return;
        }
        for (int start = 0; start < Unit; start += width, source += width)
            for (int high = 0; high < 16; high += 8)
                for (int odd = 0; odd < 2; odd++)
                    for (int part = 0; part < width; part += 16)
                        for (int i = 0; i < 8; i += 2)
                            *destination++ = source[part + high + odd + i];
    }
}
