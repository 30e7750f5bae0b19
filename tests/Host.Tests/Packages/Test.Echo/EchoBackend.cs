using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Tessera.Test.Echo;

/// <summary>Makes <see cref="EchoRuntime"/>.</summary>
public sealed class EchoBackend(int step, bool failBuild, bool failDispose, bool failStep, ILogger<EchoBackend> logger) : IKernelBackend, IDisposable
{
    /// <inheritdoc/>
    public string Name => "echo";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> Operations { get; } = new Dictionary<string, int> { [Abstractions.Graphs.Operations.Embed] = 1, [Abstractions.Graphs.Operations.LmHead] = 1 };

    /// <inheritdoc/>
    public IModelRuntime Build(BackendRequest request)
    {
        // Its memory is that of echo's own graph.
        if (request.Graph.VocabularySize != EchoFormat.Letters)
            throw new UnsupportedModelException($"echo: expected a vocabulary of {EchoFormat.Letters} letters, found {request.Graph.VocabularySize}");
        logger.LogInformation("echo is built");
        return failBuild ? throw new EchoException("no kernel today") : new EchoRuntime(step, failStep, request);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (failDispose)
            throw new EchoException("stays");
    }
}

/// <summary>Logits are 1 for the letter that follows and 0 for the others.</summary>
public sealed unsafe class EchoRuntime : IModelRuntime
{
    private const int BytesOfBlock = 1024;

    private readonly int _step;
    private readonly bool _fail;
    private readonly BackendRequest _request;
    private readonly float* _logits;
    private readonly float* _hidden;
    private int _blocks;

    internal EchoRuntime(int step, bool fail, BackendRequest request)
    {
        (_step, _fail, _request) = (step, fail, request);
        _logits = (float*)NativeMemory.AllocZeroed((nuint)request.Limits.MaxOutputs * EchoFormat.Letters, sizeof(float));
        _hidden = (float*)NativeMemory.AllocZeroed((nuint)request.Limits.MaxOutputs, sizeof(float));
    }

    /// <inheritdoc/>
    public long ScratchBytes => 0;

    /// <inheritdoc/>
    public void Submit(Batch batch)
    {
        if (_fail)
            throw new EchoException("no step today");
        int output = 0;
        for (int row = 0; row < batch.RowCount; row++)
            if (batch.Outputs[row].HasFlag(RowOutputs.Logits))
            {
                Span<float> logits = new(Logits(output++), EchoFormat.Letters);
                logits.Clear();
                logits[(batch.Tokens[row] + _step) % EchoFormat.Letters] = 1;
            }
    }

    /// <inheritdoc/>
    public bool Wait() => true;

    /// <inheritdoc/>
    public float* Logits(int output) => _logits + output * EchoFormat.Letters;

    /// <inheritdoc/>
    public float* Hidden(int output) => _hidden + output;

    /// <inheritdoc/>
    public long BlockBytes(int group) => BytesOfBlock;

    /// <inheritdoc/>
    public bool TryGrow(int group, int blocks)
    {
        if (!_request.KvBudget.TryReserve((long)blocks * BytesOfBlock))
            return false;
        _blocks += blocks;
        return true;
    }

    /// <inheritdoc/>
    public void Shrink(int group, int blocks)
    {
        _request.KvBudget.Release((long)blocks * BytesOfBlock);
        _blocks -= blocks;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Explain() => [$"all: letter + {_step}"];

    /// <inheritdoc/>
    public void Dispose()
    {
        _request.KvBudget.Release((long)_blocks * BytesOfBlock);
        _blocks = 0;
        NativeMemory.Free(_logits);
        NativeMemory.Free(_hidden);
    }
}
