using System.Runtime.InteropServices;
using Tessera.Abstractions.Formats;

namespace Tessera.Quant.Ggml.Tests;

/// <summary>A weight in native memory, at an odd address.</summary>
internal sealed unsafe class NativeWeight : IModelFile, IDisposable
{
    private readonly byte* memory;

    public NativeWeight(string quantization, ReadOnlySpan<byte> bytes, params long[] shape)
    {
        Length = bytes.Length + 1;
        memory = (byte*)NativeMemory.AlignedAlloc((nuint)Length, 64);
        bytes.CopyTo(new Span<byte>(memory + 1, bytes.Length));
        Tensor = new WeightTensor
        {
            Name = "blk.0.test.weight",
            Shape = shape,
            Quantization = quantization,
            Parts = [new WeightPart("data", this, 1, bytes.Length)],
        };
    }

    public WeightTensor Tensor { get; }

    public string Name => "test";

    public byte* Data => memory;

    public long Length { get; }

    public void Dispose() => NativeMemory.AlignedFree(memory);
}
