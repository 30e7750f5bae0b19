namespace Tessera.Abstractions.Backends;

/// <summary>Offers micro-kernels of native code for the layouts that a backend publishes.</summary>
public interface ITileSource
{
    /// <summary>The tile for a layout, or null when this source has none; the backend then uses its built-in one.</summary>
    /// <param name="layout">The layout's id, published by the backend with its calling convention.</param>
    ITile? TryGet(string layout);
}

/// <summary>A lease on a micro-kernel; the code stays callable until it is disposed.</summary>
public interface ITile : IDisposable
{
    /// <summary>The native entry point, with the unmanaged calling convention and the arguments that the layout's id stands for.</summary>
    nint EntryPoint { get; }

    /// <summary>What the tile is made of, for people.</summary>
    string Description { get; }
}
