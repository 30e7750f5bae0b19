using System.Numerics;
using System.Runtime.CompilerServices;

namespace Tessera.Quant.Numbers;

/// <summary>Numbers of a machine type, little-endian; the values are the nearest float32.</summary>
internal sealed unsafe class NumberType<T>(string id) : PlainType(id, sizeof(T))
    where T : unmanaged, INumber<T>
{
    protected override void Read(byte* data, WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        data += firstRow * weight.Columns * sizeof(T);
        int count = checked((int)(rowCount * weight.Columns));
        for (int i = 0; i < count; i++)
            destination[i] = float.CreateTruncating(Unsafe.ReadUnaligned<T>(data + (long)i * sizeof(T)));
    }
}
