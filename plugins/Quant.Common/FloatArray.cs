using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Quant.Common;

/// <summary>Floats of a stored type at any address.</summary>
/// <param name="data">The first one.</param>
/// <param name="type">How they are stored.</param>
public readonly unsafe struct FloatArray(byte* data, FloatType type)
{
    private readonly byte* _data = data;
    private readonly FloatType _type = type;

    /// <summary>The floats of a validated tensor's part, stored as a parameter says.</summary>
    public static FloatArray Of(WeightTensor weight, string part, string parameter) =>
        new(weight.Data(part), FloatTypes.Find(weight.Parameters[parameter]) ?? FloatType.F32);

    /// <summary>One of them, exactly.</summary>
    public float this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _type switch
        {
            FloatType.F32 => Unsafe.ReadUnaligned<float>(_data + 4 * index),
            FloatType.F16 => (float)Unsafe.ReadUnaligned<Half>(_data + 2 * index),
            _ => BitConverter.Int32BitsToSingle(Unsafe.ReadUnaligned<ushort>(_data + 2 * index) << 16),
        };
    }

    /// <summary>Reads consecutive ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Read(long first, long count, float* destination)
    {
        long i = 0;
        if (_type == FloatType.F32)
        {
            Unsafe.CopyBlockUnaligned(destination, _data + 4 * first, checked((uint)(4 * count)));
            return;
        }
        if (Avx2.IsSupported)
            for (byte* source = _data + 2 * first; i <= count - 8; i += 8, source += 16)
            {
                Vector256<int> bits = Avx2.ConvertToVector256Int32((ushort*)source);
                (_type == FloatType.BF16 ? (bits << 16).AsSingle() : HalfFloat.ToSingle(bits)).Store(destination + i);
            }
        for (; i < count; i++)
            destination[i] = this[first + i];
    }

    /// <summary>Writes each of <paramref name="count"/> floats several times, in place: they stand at the end of what is written.</summary>
    /// <param name="destination">Room for <paramref name="count"/> · <paramref name="times"/> floats.</param>
    /// <param name="count">Their number.</param>
    /// <param name="times">How often each is wanted.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Repeat(float* destination, long count, int times)
    {
        if (times == 1)
            return;
        float* source = destination + (times - 1) * count;
        long i = 0;
        // What is written never passes what is still to be read.
        if (times == 2 && Avx2.IsSupported)
            for (; i <= count - 8; i += 8, destination += 16)
            {
                Vector256<float> eight = Vector256.Load(source + i), low = Avx.UnpackLow(eight, eight), high = Avx.UnpackHigh(eight, eight);
                Avx.Permute2x128(low, high, 0x20).Store(destination);
                Avx.Permute2x128(low, high, 0x31).Store(destination + 8);
            }
        if (times == 4)
            for (; i < count; i++, destination += 4)
                Vector128.Create(source[i]).Store(destination);
        for (; i < count; i++)
        {
            float value = source[i];
            for (int k = 0; k < times; k++)
                *destination++ = value;
        }
    }
}
