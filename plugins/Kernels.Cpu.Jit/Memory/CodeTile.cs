namespace Tessera.Kernels.Cpu.Jit.Memory;

/// <summary>A lease on code of its own.</summary>
/// <param name="code">The code.</param>
/// <param name="description">The instruction set that it is made for.</param>
internal sealed class CodeTile(byte[] code, string description) : ITile
{
    private readonly CodeMemory _memory = new(code);

    /// <inheritdoc/>
    public nint EntryPoint => _memory.Address;

    /// <inheritdoc/>
    public string Description => description;

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();
}
