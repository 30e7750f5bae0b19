using Tessera.Engine.Generation;

namespace Tessera.Engine.Scheduling;

internal sealed partial class Scheduler
{
    /// <summary>Whether logits that are not numbers count as a failure of the engine, not of the sequence.</summary>
    public bool IsOnTrial
    {
        get => _verifier.IsOnTrial;
        set => _verifier.IsOnTrial = value;
    }

    /// <summary>Keeps everything for another engine, and remembers who was part of the failed step.</summary>
    private void Hold(string text)
    {
        foreach (Sequence sequence in _planner.Plan)
            sequence.Faults++;
        if (_set.Fitting is { } fitting && !_planner.Plan.Contains(fitting))
            fitting.Faults++;
        Intake.Hold(text);
        _onFault!(text);
    }

    /// <summary>Lets go of everything, or ends it.</summary>
    private StepOutcome Carry(HandoverOrder order)
    {
        bool isWhole = Intake.Fault is null;
        string error = new EngineFaultedException(_composition.Name, Intake.Fault ?? "it was given up").Message;
        if (order.To is not { } to)
        {
            EndAll(FinishReason.Error, error);
            order.Done.TrySetResult(0);
            return StepOutcome.Worked;
        }
        List<Sequence> all = _set.Leave(isWhole);
        foreach (Sequence sequence in all.Where(s => s.Faults >= order.MostFaults))
            _set.End(sequence, FinishReason.Error, error);
        all.RemoveAll(s => s.Faults >= order.MostFaults);
        all.AddRange(Intake.Leave(to));
        _planner.Forget();
        foreach (Sequence sequence in all)
        {
            sequence.Faults = order.MostFaults == int.MaxValue ? 0 : sequence.Faults;
            sequence.Stream.Migrations += sequence is { Started: true, Ended: false } ? 1 : 0;
        }
        to.Adopt(all);
        if (isWhole)
            _pool.Trim();
        Count();
        order.Done.TrySetResult(all.Count(s => s.Started));
        return StepOutcome.Worked;
    }

    /// <summary>Asks for drafts; false: the step is another thread's now.</summary>
    private bool Propose()
    {
        if (!_drafter.IsAsking)
            return true;
        Intake.BeginCompute(_batch, _planner.Plan);
        _own.Stop();
        bool mine = true;
        try
        {
            return mine = _drafter.Propose(_planner.DecodeRows);
        }
        finally
        {
            if (mine)
            {
                Intake.EndCompute();
                _own.Start();
            }
        }
    }
}
