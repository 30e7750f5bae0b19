using System.Collections.Concurrent;
using Tessera.Trainer.Data;
using Tessera.Trainer.Models;
using Tessera.Trainer.Numerics;

namespace Tessera.Trainer.Training;

/// <summary>How one model is trained.</summary>
/// <param name="Steps">The number of steps.</param>
/// <param name="EarlySteps">So many of them have early weights.</param>
/// <param name="PacksPerStep">Packs of a step.</param>
/// <param name="Peaks">The highest rates.</param>
/// <param name="Seed">Of the weights and of the packs' order.</param>
/// <param name="Checkpoint">The file that a stopped run goes on from.</param>
internal sealed record Plan(int Steps, int EarlySteps, int PacksPerStep, Peaks Peaks, int Seed, string Checkpoint)
{
    public const int SaveEvery = 20;

    private const double WarmUp = 0.03;

    /// <summary>Warm-up, then a cosine to zero.</summary>
    public double Rate(int step) => Math.Min(1, step / (WarmUp * Steps)) * 0.5 * (1 + Math.Cos(Math.PI * step / Steps));
}

/// <summary>Trains a model on the corpus, or on what a teacher would say to it; from its checkpoint where there is one.</summary>
/// <remarks>Each of a step's packs has its own gradients, summed in order: threads take packs as they come, and the result does not depend on how many there are.</remarks>
internal sealed unsafe class Run(Weights weights, Packs packs, Plan plan, Weights? teacher)
{
    /// <summary>Trains to the end and answers the loss; <paramref name="look"/> is called after every so many steps.</summary>
    public double Train(int lookEvery, Action<int> look)
    {
        using Optimizer optimizer = new(weights);
        (int done, double loss) = Checkpoint.Load(plan.Checkpoint, weights.Buffer, optimizer.State);
        if (done == 0)
            weights.Initialize(plan.Seed);
        else
            Console.WriteLine($"{weights.Shape.Name}: {done} of {plan.Steps} steps are done, from {plan.Checkpoint}");
        if (done >= plan.Steps)
            return loss;
        NativeBuffer[] gradients = [.. Enumerable.Range(0, plan.PacksPerStep).Select(_ => new NativeBuffer(weights.Layout.Count))];
        using ThreadLocal<Lane> lanes = new(() => new Lane(weights, teacher), trackAllValues: true);
        Progress progress = new(weights.Shape.Name, done, plan.Steps);
        using IEnumerator<Pack> source = packs.Endless(plan.Seed, plan.EarlySteps * plan.PacksPerStep).Skip(done * plan.PacksPerStep).GetEnumerator();
        for (int step = done + 1; step <= plan.Steps; step++)
        {
            Pack[] batch = new Pack[plan.PacksPerStep];
            for (int i = 0; i < batch.Length; i++)
            {
                source.MoveNext();
                batch[i] = source.Current;
            }
            double weight = batch.Sum(p => (double)p.Weights.Sum());
            double[] losses = new double[batch.Length];
            Parallel.ForEach(Partitioner.Create(Enumerable.Range(0, batch.Length), EnumerablePartitionerOptions.NoBuffering), Lanes.Options, i => losses[i] = lanes.Value!.Pass(batch[i], (float)(1 / weight), gradients[i]));
            optimizer.Step(gradients, step, plan.Rate(step), plan.Peaks);
            progress.Report(step, losses.Sum() / weight, batch.Length * Packs.Length);
            if (step % Plan.SaveEvery == 0 || step == plan.Steps)
                Checkpoint.Save(plan.Checkpoint, step, progress.Loss, weights.Buffer, optimizer.State);
            if (step % lookEvery == 0 || step == plan.Steps)
                look(step);
        }
        Array.ForEach(gradients, g => g.Dispose());
        foreach (Lane lane in lanes.Values)
            lane.Dispose();
        return progress.Loss;
    }

    /// <summary>One thread's memory.</summary>
    private sealed class Lane(Weights weights, Weights? teacher) : IDisposable
    {
        private readonly Network _network = new(weights, Packs.Length);
        private readonly Activations _activations = new(weights.Shape, Packs.Length);
        private readonly Network? _teacher = teacher is null ? null : new(teacher, Packs.Length);
        private readonly Activations? _taught = teacher is null ? null : new(teacher.Shape, Packs.Length);

        /// <summary>Answers the loss; the gradients are overwritten.</summary>
        public double Pass(Pack pack, float scale, NativeBuffer gradients)
        {
            gradients.Span.Clear();
            double loss;
            _network.Forward(pack.Ids, pack.Starts, _activations);
            if (_teacher is null)
                loss = Loss.Hard(pack, _activations.Logits, scale);
            else
            {
                _teacher.Forward(pack.Ids, pack.Starts, _taught!);
                loss = Loss.Soft(pack, _activations.Logits, _taught!.Logits, scale);
            }
            _network.Backward(pack.Ids, pack.Starts, _activations, gradients.Data);
            return loss;
        }

        public void Dispose()
        {
            _activations.Dispose();
            _taught?.Dispose();
        }
    }
}
