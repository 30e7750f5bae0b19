using SharpMetal.Metal;
using Tessera.Kernels.Common;
using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>A lowered graph on the device. A step is one command buffer, encoded from the plan; the model's own thread waits for it.</summary>
internal sealed unsafe class MetalRuntime : IChoosingRuntime, IPoolingRuntime
{
    private readonly LoweredPlan _plan;
    private readonly Stage[] _stages;
    private readonly Turns[] _turns;
    private MTLCommandBuffer _running;
    private bool _faulted, _disposed, _finished;

    /// <summary>Takes over a plan.</summary>
    public MetalRuntime(LoweredPlan plan)
    {
        _plan = plan;
        _stages = [.. plan.Stages];
        _turns = [.. plan.Turns];
    }

    /// <inheritdoc/>
    public long ScratchBytes => _plan.Scratch.Bytes;

    /// <inheritdoc/>
    public void Submit(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_faulted || _running.NativePtr != 0)
            throw new TesseraException(_faulted ? "metal: this runtime has thrown before and cannot be used again" : "metal: a batch is still running");
        _faulted = true;
        _finished = false;
        _plan.Check.Require(batch);
        Step step = _plan.Step;
        step.Begin(batch);
        // A command buffer that was committed cannot be taken back; before that, a step can be given up.
        if (!batch.Abort && (step.Rows > 0 || batch.CopyCount > 0))
            Encode(step);
        else
            _finished = !batch.Abort;
        _faulted = false;
    }

    /// <inheritdoc/>
    public bool Wait()
    {
        if (_running.NativePtr == 0)
            return _finished;
        _faulted = true;
        using (AutoreleasePool pool = new())
        {
            MTLCommandBuffer commands = _running;
            _running = default;
            try
            {
                commands.WaitUntilCompleted();
                MetalErrors.Require(commands);
            }
            finally
            {
                Native.Release(commands);
            }
        }
        _faulted = false;
        return _finished = true;
    }

    /// <inheritdoc/>
    public float* Logits(int output)
    {
        Require(output, _plan.Step.LogitRows, "logits");
        return (float*)_plan.Logits!.Contents + (long)_plan.Step.LogitRow(output) * _plan.VocabularySize;
    }

    /// <inheritdoc/>
    public float* Hidden(int output)
    {
        Require(output, _plan.Step.HiddenRows, "hidden state");
        return (float*)_plan.Hidden.Contents + (long)output * _plan.HiddenWidth;
    }

    /// <inheritdoc/>
    public float* Pooled(int output)
    {
        Require(output, _plan.Step.Spans?.PooledCount ?? 0, "pooled vector");
        return (float*)_plan.Pooled!.Contents + (long)output * _plan.PooledWidth;
    }

    /// <inheritdoc/>
    public int MaxBest => _plan.Best is null ? 0 : BestStage.MaxBest;

    /// <inheritdoc/>
    public ReadOnlySpan<BestToken> Best(int output)
    {
        Require(output, _plan.Step.BestRows, "best tokens");
        return _plan.Best!.Of(output, _plan.Step.BestCount(output));
    }

    /// <inheritdoc/>
    public long BlockBytes(int group) => Group(group).BlockBytes;

    /// <inheritdoc/>
    public bool TryGrow(int group, int blocks) => Group(group).TryGrow(blocks);

    /// <inheritdoc/>
    public void Shrink(int group, int blocks) => Group(group).Shrink(blocks);

    /// <inheritdoc/>
    public IReadOnlyList<string> Explain() => _plan.Explanation;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (_running.NativePtr != 0)
        {
            // The device may still write.
            _running.WaitUntilCompleted();
            Native.Release(_running);
        }
        foreach (CacheArena group in _plan.Groups)
            group.Dispose();
        _plan.Scratch.Dispose();
    }

    private void Encode(Step step)
    {
        foreach (Turns turns in _turns)
            turns.Fill(step.Batch);
        using AutoreleasePool pool = new();
        MTLCommandBuffer buffer = _plan.Device.NewCommands();
        MTLComputeCommandEncoder encoder = buffer.ComputeCommandEncoder();
        try
        {
            Commands commands = new(encoder);
            _plan.Copies.Encode(commands, step);
            if (step.Rows > 0)
                foreach (Stage stage in _stages)
                    stage.Encode(commands, step);
        }
        finally
        {
            encoder.EndEncoding();
        }
        Native.Retain(buffer);
        _running = buffer;
        buffer.Commit();
    }

    private CacheArena Group(int group)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if ((uint)group >= (uint)_plan.Groups.Count)
            throw new TesseraException($"metal: there is no cache group {group}, the graph has {_plan.Groups.Count}");
        return _plan.Groups[group];
    }

    private void Require(int output, int count, string what)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if ((uint)output >= (uint)count || !_finished)
            throw new TesseraException($"metal: {what} {output} was asked for, the last batch has {(_finished ? count : 0)}");
    }
}

/// <summary>What lowering has made.</summary>
internal sealed class LoweredPlan
{
    public required MetalDevice Device { get; init; }
    public required Stage Copies { get; init; }
    public required IReadOnlyList<Stage> Stages { get; init; }
    public required IReadOnlyList<CacheArena> Groups { get; init; }
    public required IReadOnlyList<Turns> Turns { get; init; }
    public required IReadOnlyList<string> Explanation { get; init; }
    public required Scratch Scratch { get; init; }
    public required BatchCheck Check { get; init; }
    public required Step Step { get; init; }
    public required DeviceBuffer? Logits { get; init; }
    public required BestStage? Best { get; init; }
    public required DeviceBuffer Hidden { get; init; }
    public required DeviceBuffer? Pooled { get; init; }
    public required int PooledWidth { get; init; }
    public required int VocabularySize { get; init; }
    public required int HiddenWidth { get; init; }
}
