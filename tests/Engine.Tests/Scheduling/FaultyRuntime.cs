namespace Tessera.Engine.Tests.Scheduling;

/// <summary>A runtime that fails in one of its steps, in the way that a test wants.</summary>
internal sealed unsafe class FaultyRuntime(IModelRuntime inner, int step, FaultyRuntime.Fault fault, int vocabulary) : IModelRuntime
{
    private int _steps;

    public enum Fault { Throw, NaN, Hang }

    /// <summary>Set while a step hangs.</summary>
    public ManualResetEventSlim Hanging { get; } = new();

    /// <summary>Lets a hanging step go on.</summary>
    public ManualResetEventSlim GoOn { get; } = new();

    public long ScratchBytes => inner.ScratchBytes;

    public void Submit(Batch batch)
    {
        if (++_steps == step && fault != Fault.NaN)
        {
            Hanging.Set();
            if (fault == Fault.Throw)
                throw new InvalidOperationException("no step today");
            GoOn.Wait(TestContext.Current.CancellationToken);
        }
        inner.Submit(batch);
    }

    public bool Wait() => inner.Wait();

    public float* Logits(int output)
    {
        float* logits = inner.Logits(output);
        if (_steps == step && fault == Fault.NaN)
            new Span<float>(logits, vocabulary).Fill(float.NaN);
        return logits;
    }

    public float* Hidden(int output) => inner.Hidden(output);

    public long BlockBytes(int group) => inner.BlockBytes(group);

    public bool TryGrow(int group, int blocks) => inner.TryGrow(group, blocks);

    public void Shrink(int group, int blocks) => inner.Shrink(group, blocks);

    public IReadOnlyList<string> Explain() => inner.Explain();

    public void Dispose() => inner.Dispose();
}
