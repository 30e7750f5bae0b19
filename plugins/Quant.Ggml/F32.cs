namespace Tessera.Quant.Ggml;

/// <summary>Little-endian floats.</summary>
internal sealed unsafe class F32() : QuantizableType("f32", 1, sizeof(float))
{
    protected internal override void DequantizeBlocks(byte* source, long blocks, float* destination) =>
        Buffer.MemoryCopy(source, destination, blocks * sizeof(float), blocks * sizeof(float));

    protected override void QuantizeBlocks(float* source, long blocks, byte* destination) =>
        Buffer.MemoryCopy(source, destination, blocks * sizeof(float), blocks * sizeof(float));
}
