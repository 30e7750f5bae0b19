namespace Tessera.Quant.Ggml;

/// <summary>Little-endian floats.</summary>
internal sealed unsafe class F32() : GgmlType("f32", 1, sizeof(float)), IBlockQuantizer
{
    protected internal override void DequantizeBlocks(byte* source, long blocks, float* destination) =>
        Buffer.MemoryCopy(source, destination, blocks * sizeof(float), blocks * sizeof(float));

    public void QuantizeBlocks(float* source, long blocks, byte* destination) =>
        Buffer.MemoryCopy(source, destination, blocks * sizeof(float), blocks * sizeof(float));
}
