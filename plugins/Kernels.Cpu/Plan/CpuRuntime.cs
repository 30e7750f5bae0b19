using System.Diagnostics.CodeAnalysis;
using Tessera.Kernels.Common;
using Tessera.Kernels.Cpu.Cache;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>A lowered graph with its memory. A step is one job: every lane walks all stages, with a barrier behind each.</summary>
internal sealed unsafe class CpuRuntime : IPoolingRuntime, IWorkJob
{
    private readonly Stage[] _stages;
    private readonly CacheBlocks[] _groups;
    private readonly IReadOnlyList<string> _explanation;
    private readonly NativeArena _arena;
    private readonly BatchCheck _check;
    private readonly Step _step;
    private readonly Lane[] _lanes;
    private readonly IWorkTeam _team;
    private readonly Turns[] _turns;
    private readonly OutputArea _logits, _hidden, _pooled;
    private bool _faulted, _disposed, _finished;

    /// <summary>Takes over a plan: the arena and the groups are disposed with the runtime.</summary>
    public CpuRuntime(LoweredPlan plan)
    {
        _stages = [.. plan.Stages];
        _groups = [.. plan.Groups];
        _explanation = plan.Explanation;
        _arena = plan.Arena;
        _check = plan.Check;
        _step = plan.Step;
        _lanes = [.. plan.Lanes];
        _team = plan.Team;
        _turns = [.. plan.Turns];
        _logits = plan.Logits;
        _hidden = plan.Hidden;
        _pooled = plan.Pooled;
    }

    /// <inheritdoc/>
    public long ScratchBytes => _arena.Bytes;

    /// <inheritdoc/>
    public void Submit(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_faulted)
            throw new TesseraException("cpu: this runtime has thrown before and cannot be used again");
        _faulted = true;
        _check.Require(batch);
        _step.Begin(batch);
        foreach (Turns turns in _turns)
            turns.Plan(batch);
        _team.Run(this);
        _finished = _step.LastStage == int.MaxValue;
        _faulted = false;
    }

    /// <inheritdoc/>
    public bool Wait() => _finished;

    /// <inheritdoc/>
    public float* Logits(int output) => Output(_logits, output, _step.LogitRows, "logits");

    /// <inheritdoc/>
    public float* Hidden(int output) => Output(_hidden, output, _step.HiddenRows, "hidden state");

    /// <inheritdoc/>
    public float* Pooled(int output) => Output(_pooled, output, _step.PooledRows, "pooled vector");

    /// <inheritdoc/>
    public long BlockBytes(int group) => Group(group).BlockBytes;

    /// <inheritdoc/>
    public bool TryGrow(int group, int blocks) => Group(group).TryGrow(blocks);

    /// <inheritdoc/>
    public void Shrink(int group, int blocks) => Group(group).Shrink(blocks);

    /// <inheritdoc/>
    public IReadOnlyList<string> Explain() => _explanation;

    /// <inheritdoc/>
    void IWorkJob.Execute(IWorkLane lane)
    {
        Lane own = _lanes[lane.Index];
        own.Team = lane;
        Step step = _step;
        Stage[] stages = _stages;
        for (int i = 0; i < stages.Length; i++)
        {
            stages[i].Run(own, step);
            // All lanes must stop behind the same stage: lane 0 decides before the barrier, and names the stage, because a slow lane may read while lane 0 is at the next one.
            if (lane.Index == 0 && step.Batch.Abort && i < stages.Length - 1)
                step.LastStage = i;
            lane.Barrier();
            if (step.LastStage == i)
                return;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (CacheBlocks group in _groups)
            group.Dispose();
        _arena.Dispose();
    }

    private CacheBlocks Group(int group)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if ((uint)group >= (uint)_groups.Length)
            throw new TesseraException($"cpu: there is no cache group {group}, the graph has {_groups.Length}");
        return _groups[group];
    }

    private float* Output(OutputArea area, int output, int count, string what)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if ((uint)output >= (uint)count || !_finished)
            ThrowOutput(output, _finished ? count : 0, what);
        return area.Data + (long)output * area.Stride;
    }

    [DoesNotReturn]
    private static void ThrowOutput(int output, int count, string what) =>
        throw new TesseraException($"cpu: {what} {output} was asked for, the last batch has {count}");
}

/// <summary>Rows that a step hands out.</summary>
internal sealed unsafe class OutputArea(float* data, int stride)
{
    /// <summary>The first row.</summary>
    public float* Data { get; } = data;

    /// <summary>Floats from a row to the next.</summary>
    public int Stride { get; } = stride;
}

/// <summary>What lowering has made.</summary>
internal sealed class LoweredPlan
{
    public required IReadOnlyList<Stage> Stages { get; init; }
    public required IReadOnlyList<CacheBlocks> Groups { get; init; }
    public required IReadOnlyList<Turns> Turns { get; init; }
    public required IReadOnlyList<string> Explanation { get; init; }
    public required NativeArena Arena { get; init; }
    public required BatchCheck Check { get; init; }
    public required Step Step { get; init; }
    public required IReadOnlyList<Lane> Lanes { get; init; }
    public required IWorkTeam Team { get; init; }
    public required OutputArea Logits { get; init; }
    public required OutputArea Hidden { get; init; }
    public required OutputArea Pooled { get; init; }
}
