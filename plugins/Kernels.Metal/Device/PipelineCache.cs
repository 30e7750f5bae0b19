using System.Security.Cryptography;
using System.Text;
using SharpMetal.Foundation;
using SharpMetal.Metal;

namespace Tessera.Kernels.Metal.Device;

/// <summary>Compiled texts and their kernels, found by the hash of the text. Used by one thread at a time.</summary>
internal sealed class PipelineCache(MTLDevice device) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, MTLLibrary> _libraries = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Hash, string Kernel), Pipeline> _pipelines = [];

    /// <summary>The number of texts that were compiled.</summary>
    public int Compiled => _libraries.Count;

    /// <summary>A kernel of a text.</summary>
    /// <exception cref="KernelCompileException">The compiler refuses the text, or the text has no such kernel.</exception>
    public Pipeline Get(string text, string kernel)
    {
        string hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        lock (_lock)
        {
            if (_pipelines.TryGetValue((hash, kernel), out Pipeline? known))
                return known;
            using AutoreleasePool pool = new();
            if (!_libraries.TryGetValue(hash, out MTLLibrary library))
                _libraries.Add(hash, library = Compile(text, kernel));
            MTLFunction function = library.NewFunction(kernel);
            if (function.NativePtr == 0)
                throw new KernelCompileException($"metal: the text has no kernel '{kernel}'");
            NSError error = new(0);
            MTLComputePipelineState state = device.NewComputePipelineState(function, ref error);
            function.Dispose();
            if (state.NativePtr == 0)
                throw new KernelCompileException($"metal: kernel '{kernel}' cannot be used: {error.LocalizedDescription}");
            Pipeline pipeline = new(kernel, state);
            _pipelines.Add((hash, kernel), pipeline);
            return pipeline;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Pipeline pipeline in _pipelines.Values)
            pipeline.State.Dispose();
        foreach (MTLLibrary library in _libraries.Values)
            library.Dispose();
        _pipelines.Clear();
        _libraries.Clear();
    }

    private MTLLibrary Compile(string text, string kernel)
    {
        NSError error = new(0);
        // Sums keep their order, and infinities mean what they say.
        using MTLCompileOptions options = new() { FastMathEnabled = false };
        MTLLibrary library = device.NewLibrary(text, options, ref error);
        if (library.NativePtr == 0)
            throw new KernelCompileException($"metal: the text of kernel '{kernel}' does not compile: {error.LocalizedDescription}");
        return library;
    }
}
