using SharpMetal.Metal;

namespace Tessera.Kernels.Metal.Device;

/// <summary>A kernel that is ready to run.</summary>
/// <param name="Name">The kernel's name.</param>
/// <param name="State">The state, owned by the cache.</param>
internal sealed record Pipeline(string Name, MTLComputePipelineState State);
