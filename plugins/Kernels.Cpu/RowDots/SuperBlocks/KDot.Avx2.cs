using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal static unsafe partial class KDot
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Avx2<TBlock, TByteDot>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TBlock : struct, IKBlock
        where TByteDot : struct, IByteDot
    {
        Vector256<byte> nibble = Vector256.Create((byte)15);
        // Stored once and broadcast from memory: load ports are free here, shuffles are not.
        float* scales = stackalloc float[Groups];
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights, q = activation;
            float* activationScales = (float*)(activation + Int8Activation.ScaleOffset(columns));
            float* activationSums = (float*)(activation + Int8Activation.SumOffset(columns));
            Vector256<float> sum0 = default, sum1 = default, minimums = default;
            for (int rest = columns; rest > 0; rest -= Columns)
            {
                Ahead(block);
                Scale(block, activationScales, activationSums, ref minimums).Store(scales);
                Vector256<byte> fifth = TBlock.HasFifthBits ? Vector256.Load(block + 16) : default;
                byte* nibbles = block + TBlock.Nibbles;
                for (int pair = 0; pair < Groups; pair += 2, nibbles += 32, q += 64)
                {
                    Vector256<byte> packed = Vector256.Load(nibbles);
                    Vector256<byte> low = packed & nibble, high = (packed.AsUInt16() >> 4).AsByte() & nibble;
                    if (TBlock.HasFifthBits)
                    {
                        // The 16-bit shifts drag in bits of the neighbour, which the mask removes.
                        Vector256<byte> bit = Vector256.Create((byte)16);
                        low |= (fifth.AsUInt16() << 4).AsByte() & bit;
                        high |= (fifth.AsUInt16() << 3).AsByte() & bit;
                        fifth = (fifth.AsUInt16() >> 2).AsByte();
                    }
                    Vector256<int> dot0 = TByteDot.Add(Vector256<int>.Zero, low, Vector256.Load((sbyte*)q));
                    Vector256<int> dot1 = TByteDot.Add(Vector256<int>.Zero, high, Vector256.Load((sbyte*)q + 32));
                    sum0 = Fma.MultiplyAdd(Vector256.Create(scales[pair]), Vector256.ConvertToSingle(dot0), sum0);
                    sum1 = Fma.MultiplyAdd(Vector256.Create(scales[pair + 1]), Vector256.ConvertToSingle(dot1), sum1);
                }
                block += TBlock.Bytes;
                activationScales += Groups;
                activationSums += Groups;
            }
            output[row] = Vector256.Sum(sum0 + sum1 - minimums);
        }
    }

    /// <summary>The groups' scales times the activations'; adds the groups' minimums times the activations' sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scale(byte* block, float* activationScales, float* activationSums, ref Vector256<float> minimums)
    {
        uint halves = Unsafe.ReadUnaligned<uint>(block);
        Vector128<float> both = HalfFloat.ToSingle(Vector128.Create((int)halves, (int)(halves >> 16), 0, 0));
        KScales.Read(block + 4, out ulong scaleBytes, out ulong minimumBytes);
        Vector256<float> groupScales = Vector256.ConvertToSingle(X86.Avx2.ConvertToVector256Int32(Vector128.CreateScalar(scaleBytes).AsByte()));
        Vector256<float> groupMinimums = Vector256.ConvertToSingle(X86.Avx2.ConvertToVector256Int32(Vector128.CreateScalar(minimumBytes).AsByte()));
        Vector256<float> scale = X86.Avx2.BroadcastScalarToVector256(both);
        Vector256<float> minimumScale = X86.Avx2.BroadcastScalarToVector256(Sse.Shuffle(both, both, 0b01_01_01_01));
        minimums = Fma.MultiplyAdd(groupMinimums * minimumScale, Vector256.Load(activationSums), minimums);
        return groupScales * scale * Vector256.Load(activationScales);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead(byte* block)
    {
        Sse.Prefetch0(block + Prefetch.Distance);
        Sse.Prefetch0(block + Prefetch.Distance + 64);
        Sse.Prefetch0(block + Prefetch.Distance + 128);
    }
}
