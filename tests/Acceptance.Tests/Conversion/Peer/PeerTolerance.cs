using System.Runtime.Intrinsics.X86;

namespace Tessera.Acceptance.Tests.Conversion.Peer;

/// <summary>How far logarithms of probabilities may be from the peer's, which follows from what it rounds and we do not.</summary>
/// <param name="Bound">The largest difference.</param>
/// <param name="Activations">The path on which we compute.</param>
internal readonly record struct PeerTolerance(double Bound, ActivationPrecision Activations)
{
    // Half a unit in the last place of a number between 1 and 2, which the peer rounds activations to before it multiplies them with weights of that type.
    private const double HalfOfF32 = 1.0 / (1 << 24), HalfOfF16 = 1.0 / (1 << 11), HalfOfBF16 = 1.0 / (1 << 8);

    // What a relative rounding error of 1 comes to, at most. Measured: the demo 16 (BF16), 19 (F16), 20 (Q8_0) and 16 (Q4_K_M), random weights with peaked attention 57 (Qwen 3, F16).
    private const double OfDemo = 22, OfRandom = 72;

    // Columns of a K-quant's block, and of the activations that it meets; shorter rows take types of groups of 32.
    private const int SuperBlock = 256;

    // In single precision sums and functions are taken in another order and by other series: some roundings more.
    private const double ManyOfF32 = 64 * HalfOfF32;

    // It rounds activations to eight bits: to 127 steps up to the largest of a group. Of gated products of normal numbers, which have the longest tails, that is on average 3.6 of their
    // standard deviation for 32 and 6.5 for 256. Half a step of the largest, where a float's rounding is half a unit at the bottom of its binade: 0.74 of the deviation.
    private const double HalfOfByte = 0.5 / 127 / 0.74, LargestOf32 = 3.6, LargestOf256 = 6.5;

    /// <summary>The tolerance for a file.</summary>
    /// <param name="type">The kind of file.</param>
    /// <param name="inner">The longest row of a matrix.</param>
    /// <param name="isTrained">Whether the weights are a trained model's, not random ones.</param>
    /// <param name="hasGelu">Whether the peer looks GELU up.</param>
    public static PeerTolerance Of(string type, int inner, bool isTrained, bool hasGelu = false)
    {
        double each = isTrained ? OfDemo : OfRandom;
        // GELU is looked up in a table of F16: that rounds the activations once more.
        int looked = hasGelu ? 1 : 0;
        return type switch
        {
            "F32" => new(each * (ManyOfF32 + looked * HalfOfF16), ActivationPrecision.Float32),
            "BF16" => new(each * HalfOfBF16, ActivationPrecision.Float32),
            "F16" => new(each * HalfOfF16 * Math.Sqrt(1 + looked + RoundedSums(inner)), ActivationPrecision.Float32),
            _ => new(each * HalfOfByte * (type.Contains("_K", StringComparison.Ordinal) && inner % SuperBlock == 0 ? LargestOf256 : LargestOf32), ActivationPrecision.Float32),
        };
    }

    /// <summary>
    /// On processors with AVX-512 FP16, ggml adds products of F16 in F16, in four sums of 32 lanes: each of a lane's sums is rounded, and the seven halvings that add the lanes.
    /// Such a rounding's error is as large as the activations' is over the whole row, and they are independent. Elsewhere it adds in F32.
    /// (Seen on an Emerald Rapids, 0.033 where a Zen had 0.009 with the demo's file; with ggml's F16 sums made by hand that Zen had 0.038.)
    /// </summary>
    private static int RoundedSums(int row)
    {
        const int ExtendedFeatures = 7, Fp16 = 1 << 23, Lanes = 4 * 32, Halvings = 7;
        return X86Base.IsSupported && (X86Base.CpuId(ExtendedFeatures, 0).Edx & Fp16) != 0 ? (row + Lanes - 1) / Lanes + Halvings : 0;
    }
}
