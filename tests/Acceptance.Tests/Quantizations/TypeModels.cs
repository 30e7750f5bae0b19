using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Evaluation;

namespace Tessera.Acceptance.Tests.Quantizations;

/// <summary>Logits of models over the shipped packages, which the tests of a class share.</summary>
public sealed class TypeModels : IAsyncLifetime
{
    private const int Tokens = 24, Steps = 8, Context = 64;
    private HostStack? _stack;

    internal HostStack Stack => _stack!;

    public ValueTask InitializeAsync()
    {
        _stack = new HostStack(2);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => Stack.DisposeAsync();

    /// <summary>The logits after every token, and what follows greedily.</summary>
    internal Answer Ask(SeededModel model, ActivationPrecision activations)
    {
        using TemporaryFile file = new();
        model.Write(file.Path, Stack.Plugins);
        using Composition composition = Stack.Build(file.Path, activations, Context);
        using SequenceEvaluator evaluator = new(composition.Name, composition.Graph, composition.Runtime, composition.Limits);
        float[][] logits = new float[Tokens][];
        int[] next = evaluator.Evaluate(SeededModel.Tokens(5, Tokens), [.. Enumerable.Range(0, Tokens)], (position, row) => logits[position] = row.ToArray(), Steps);
        return new Answer(logits, next, [.. composition.Runtime.Explain()]);
    }

    /// <summary>What the engine generates greedily, as requests are served.</summary>
    internal async Task<int[]> GenerateAsync(SeededModel model)
    {
        using TemporaryFile file = new();
        model.Write(file.Path, Stack.Plugins);
        await using SteppedEngine engine = new(Stack.Build(file.Path, ActivationPrecision.Float32, Context));
        Engine.Generation.GenerationStream stream = engine.Submit(SeededModel.Tokens(5, Tokens), Steps);
        engine.Run();
        return SteppedEngine.Read(stream).Tokens;
    }
}

/// <summary>What a model gave.</summary>
/// <param name="Logits">After every token.</param>
/// <param name="Next">The tokens that follow greedily.</param>
/// <param name="Explanation">The kernels of its matrices.</param>
internal sealed record Answer(float[][] Logits, int[] Next, string[] Explanation)
{
    /// <summary>The root of the mean square of the differences over that of the logits.</summary>
    public double Difference(Answer other)
    {
        double squares = 0, all = 0;
        for (int row = 0; row < Logits.Length; row++)
            for (int i = 0; i < Logits[row].Length; i++)
            {
                squares += Math.Pow((double)Logits[row][i] - other.Logits[row][i], 2);
                all += Math.Pow(Logits[row][i], 2);
            }
        Assert.True(all > 0);
        return Math.Sqrt(squares / all);
    }
}
