using System.Runtime.InteropServices;

namespace Tessera.Kernels.Cpu.RowDots.Native;

/// <summary>Weights that machine code is tried with: codes of every value where the type's blocks are known here, scales of both signs that are numbers.</summary>
internal static unsafe class TrialWeights
{
    /// <summary>Fills rows with random blocks of a type; bytes behind the last whole block are random too.</summary>
    /// <param name="type">The type's id.</param>
    /// <param name="weights">The first row.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="rowBytes">Bytes from one to the next.</param>
    /// <param name="random">Where they come from.</param>
    public static void Fill(string type, byte* weights, int rows, int rowBytes, Random random)
    {
        Span<byte> all = new(weights, rows * rowBytes);
        random.NextBytes(all);
        if (Blocks(type) is not var (blockBytes, halvesAt, halves))
        {
            // Wherever halves stand, none is without this bit of its exponent.
            foreach (ref byte value in all)
                value &= 0xFB;
            return;
        }
        for (int row = 0; row < rows; row++)
            for (int block = 0; block + blockBytes <= rowBytes; block += blockBytes)
                foreach (ref ushort half in MemoryMarshal.Cast<byte, ushort>(new Span<byte>(weights + row * rowBytes + block + halvesAt, halves * sizeof(ushort))))
                    half &= 0xFBFF;
    }

    /// <summary>Bytes of a block, and where its scale and its minimum stand; null: not known here.</summary>
    public static (int Bytes, int HalvesAt, int Halves)? Blocks(string type) => type switch
    {
        "q4_0" => (18, 0, 1),
        "q4_1" => (20, 0, 2),
        "q5_0" => (22, 0, 1),
        "q5_1" => (24, 0, 2),
        "q8_0" => (34, 0, 1),
        "q4_k" => (144, 0, 2),
        "q5_k" => (176, 0, 2),
        "q6_k" => (210, 208, 1),
        "q8_1" => (36, 0, 1),
        "iq3_s" => (110, 0, 1),
        "q2_0" => (18, 0, 1),
        "iq2_s" => (82, 0, 1),
        // Any byte is a scale.
        "nvfp4" => (36, 0, 0),
        _ => null,
    };
}
