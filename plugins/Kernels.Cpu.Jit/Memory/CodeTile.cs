namespace Tessera.Kernels.Cpu.Jit.Memory;

/// <summary>A lease on code of its own.</summary>
internal sealed class CodeTile(byte[] code) : ITile
{
    private readonly CodeMemory _memory = new(code);

    /// <inheritdoc/>
    public nint EntryPoint => _memory.Address;

    /// <inheritdoc/>
    public string Description => "avx512_vnni";

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();
}
