using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Tessera.Test.Relay;

/// <summary>Looks rows up and multiplies them with the head.</summary>
internal sealed unsafe class RelayRuntime : IPoolingRuntime
{
    private const int BytesOfBlock = 1024;

    private readonly Habits _habits;
    private readonly BackendRequest _request;
    private readonly float[][] _embedding;
    private readonly float[][]? _head;
    private readonly int _width;
    private readonly ManualResetEventSlim _never = new();
    private readonly float* _logits;
    private readonly float* _hidden;
    private readonly float* _pooled;
    private readonly bool _isOwn, _isOfType;
    private int _blocks;
    private int _steps;
    private Stopwatch? _since;

    // Ten times what its good steps took, however busy the machine is.
    private int? _slow;

    public RelayRuntime(Habits habits, BackendRequest request, bool isOwn)
    {
        (_habits, _request, _isOwn) = (habits, request, isOwn);
        EmbedNode embed = request.Graph.Nodes.OfType<EmbedNode>().First();
        _isOfType = !embed.Weights[0].Quantization.EndsWith("f32", StringComparison.Ordinal);
        _embedding = Rows(embed.Weights[0]);
        _head = request.Graph.Nodes.OfType<LmHeadNode>().FirstOrDefault() is { } head ? Rows(head.Weights[0]) : null;
        _width = _embedding[0].Length;
        _logits = (float*)NativeMemory.AllocZeroed((nuint)request.Limits.MaxOutputs * (nuint)request.Graph.VocabularySize, sizeof(float));
        _hidden = (float*)NativeMemory.AllocZeroed((nuint)request.Limits.MaxOutputs * (nuint)_width, sizeof(float));
        _pooled = (float*)NativeMemory.AllocZeroed((nuint)request.Limits.MaxOutputs * (nuint)_width, sizeof(float));
    }

    /// <inheritdoc/>
    public long ScratchBytes => 0;

    /// <inheritdoc/>
    public void Submit(Batch batch)
    {
        _since ??= Stopwatch.StartNew();
        bool misbehaves = _steps++ >= _habits.After;
        if (_isOwn)
            _habits.WaitWhileHeld(_never);
        if (_habits.Delay > 0)
            _never.Wait(_habits.Delay);
        if (misbehaves && _habits.Fault == "step")
            throw new RelayException("no step today");
        if (misbehaves && _habits.Fault == "slow")
            _never.Wait(_slow ??= Math.Clamp((int)(10 * _since.Elapsed.TotalMilliseconds / _steps), 100, 1000));
        if (misbehaves)
            _habits.HangIf("hang-step");
        int logits = 0, hidden = 0, pooled = 0;
        for (int row = 0; row < batch.RowCount; row++)
        {
            float[] x = _embedding[batch.Tokens[row]];
            if (batch.Outputs[row].HasFlag(RowOutputs.Hidden))
                x.CopyTo(new Span<float>(Hidden(hidden++), _width));
            if (batch.Outputs[row].HasFlag(RowOutputs.Pooled))
                x.CopyTo(new Span<float>(Pooled(pooled++), _width));
            if (batch.Outputs[row].HasFlag(RowOutputs.Logits))
                Multiply(x, new Span<float>(Logits(logits++), _request.Graph.VocabularySize), misbehaves && _habits.Fault == "nan");
        }
        if (_habits.Fault == "wrong" || (_habits.Fault == "wrong-type" && _isOfType))
            (*_hidden, *_logits) = (*_hidden + 1, *_logits + 1);
    }

    /// <inheritdoc/>
    public bool Wait() => true;

    /// <inheritdoc/>
    public float* Logits(int output) => _logits + output * _request.Graph.VocabularySize;

    /// <inheritdoc/>
    public float* Hidden(int output) => _hidden + output * _width;

    /// <inheritdoc/>
    public float* Pooled(int output) => _pooled + output * _width;

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
    public IReadOnlyList<string> Explain() => [$"all: letter + {_habits.Step}"];

    /// <inheritdoc/>
    public void Dispose()
    {
        _request.KvBudget.Release((long)_blocks * BytesOfBlock);
        _blocks = 0;
        _never.Dispose();
        NativeMemory.Free(_logits);
        NativeMemory.Free(_hidden);
        NativeMemory.Free(_pooled);
        if (_isOwn && _habits.Fault == "dispose-runtime")
            throw new RelayException("not even this");
    }

    private void Multiply(float[] x, Span<float> logits, bool notNumbers)
    {
        for (int i = 0; i < logits.Length; i++)
        {
            double sum = 0;
            for (int c = 0; c < _width; c++)
                sum += (double)_head![i][c] * x[c];
            logits[i] = notNumbers ? float.NaN : (float)sum;
        }
    }

    private float[][] Rows(WeightTensor weight)
    {
        float[] all = new float[weight.Rows * weight.Columns];
        _request.Quantizations.Find(weight.Quantization)!.Dequantize(weight, 0, (int)weight.Rows, all);
        return [.. all.Chunk((int)weight.Columns)];
    }
}
