using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>Attention by tiles of queries over heads of given lengths.</summary>
/// <param name="Pipeline">The kernel.</param>
/// <param name="Bytes">The threadgroup memory that it is given.</param>
internal sealed record PrefillKernel(Pipeline Pipeline, int Bytes)
{
    /// <summary>The most threadgroup memory.</summary>
    private const int MostBytes = 32 << 10;

    /// <summary>The kernel; null where heads are so long that nothing fits threadgroup memory.</summary>
    public static PrefillKernel? Find(MetalDevice device, int keyLength, int valueLength, bool isHalf)
    {
        for (int keys = 32; keys >= 8; keys /= 2)
            if (Fits(keyLength, valueLength, isHalf, keys) is { } bytes)
                return new PrefillKernel(device.Pipelines.Get(KernelText.Prefill(keyLength, valueLength, isHalf, keys), "prefill"), bytes);
        return null;
    }

    /// <summary>The threadgroup memory for so many keys at a time; null: it is too much.</summary>
    internal static int? Fits(int keyLength, int valueLength, bool isHalf, int keys)
    {
        const int Queries = RowTiles.TileRows;
        int size = isHalf ? 2 : 4, key = (keyLength + 7) / 8 * 8, value = (valueLength + 7) / 8 * 8;
        // The kernel's own arrays: scores and weights, factors, maxima and sums.
        int own = Queries * keys * (sizeof(float) + size) + Queries * 8 * sizeof(float) + 2 * Queries * sizeof(float);
        int bytes = Math.Max(size * (Queries * key + keys * Math.Max(key, value)), sizeof(float) * Queries * value);
        return own + bytes <= MostBytes ? (bytes + 15) / 16 * 16 : null;
    }
}
