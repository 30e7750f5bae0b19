using Tessera.Abstractions.Graphs;
using Tessera.Abstractions.Quantization;

namespace Tessera.Abstractions.Backends;

/// <summary>Lowers model graphs onto one kind of device.</summary>
public interface IKernelBackend
{
    /// <summary>A short name for messages, such as <c>cpu</c>.</summary>
    string Name { get; }

    /// <summary>The highest revision that this backend knows of each operation id. Engine refuses a graph that asks for more before it calls <see cref="Build"/>.</summary>
    IReadOnlyDictionary<string, int> Operations { get; }

    /// <summary>Checks and lowers a graph: chooses kernels, fuses, and plans all scratch memory once.</summary>
    /// <exception cref="UnsupportedModelException">An operation or quantization that has no kernel; the text names the node or tensor.</exception>
    IModelRuntime Build(BackendRequest request);
}

/// <summary>What a backend needs to build a runtime.</summary>
public sealed class BackendRequest
{
    /// <summary>The graph; its weights are validated and their shapes fit.</summary>
    public required ModelGraph Graph { get; init; }

    /// <summary>The sizes that the runtime must be able to hold.</summary>
    public required RuntimeLimits Limits { get; init; }

    /// <summary>The team to compute on.</summary>
    public required IWorkTeam Team { get; init; }

    /// <summary>Quantizations by id.</summary>
    public required IQuantizationRegistry Quantizations { get; init; }

    /// <summary>Micro-kernels of other plugins, in order of preference.</summary>
    public IReadOnlyList<ITileSource> Tiles { get; init; } = [];

    /// <summary>What the KV cache may take, shared by all runtimes of the host.</summary>
    public required IMemoryBudget KvBudget { get; init; }
}

/// <summary>A budget of bytes that several owners share.</summary>
public interface IMemoryBudget
{
    /// <summary>Takes bytes from the budget, or returns false when too few are left.</summary>
    bool TryReserve(long bytes);

    /// <summary>Gives bytes back.</summary>
    void Release(long bytes);
}

/// <summary>How numbers between the weights are held.</summary>
public enum ActivationPrecision
{
    /// <summary>As is fastest with the weights' type; integer dot products round activations to 8 bits.</summary>
    Fast,
    /// <summary>float32 throughout: the reference path.</summary>
    Float32,
}

/// <summary>How the KV cache stores its elements.</summary>
public enum KvType
{
    /// <summary>IEEE half precision.</summary>
    F16,
    /// <summary>Single precision.</summary>
    F32,
    /// <summary>bfloat16: the range of single precision, 8 bits of mantissa.</summary>
    BF16,
    /// <summary>Signed bytes with a half-precision scale for each 32 elements of a head (GGML's Q8_0): about half the memory of <see cref="F16"/>.</summary>
    Q8,
}

/// <summary>The sizes that a runtime plans for.</summary>
public sealed record RuntimeLimits
{
    /// <summary>The most rows in one batch.</summary>
    public required int MaxRows { get; init; }

    /// <summary>The most rows in one batch that want logits or best tokens, and the most that want hidden states.</summary>
    public required int MaxOutputs { get; init; }

    /// <summary>The most sequences in one batch, and the most rows that want a pooled vector.</summary>
    public required int MaxSequences { get; init; }

    /// <summary>The longest context of a sequence, in tokens.</summary>
    public required int MaxContext { get; init; }

    /// <summary>Tokens in a KV block.</summary>
    public int BlockTokens { get; init; } = 16;

    /// <summary>The KV cache's element type. A backend refuses one that it does not have, by its name.</summary>
    public KvType KvType { get; init; } = KvType.F16;

    /// <summary>The precision of activations.</summary>
    public ActivationPrecision Activations { get; init; } = ActivationPrecision.Fast;

    /// <summary>Whether a row's result must be bitwise the same whatever else the batch holds.</summary>
    public bool BatchInvariant { get; init; } = true;
}
