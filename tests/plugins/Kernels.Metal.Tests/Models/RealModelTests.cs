using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Conformance.SelfTest;
using Tessera.MetalEmulator;

namespace Tessera.Kernels.Metal.Tests.Models;

/// <summary>The real model (../shared/models/README.md) beside the reference path of <c>kernels.cpu</c>.</summary>
public sealed unsafe class RealModelTests
{
    private const string Model = "smollm2-135m-instruct-q4_1";

    private const int Steps = 16;

    [Fact]
    public void Greedy_tokens_are_those_of_the_processor_wherever_rounding_cannot_turn_them()
    {
        int[] prompt = Prompt();
        using OpenedModel model = new(Shared.Require("models", $"{Model}.gguf"), prompt.Length + Steps);
        using EmulatorSession session = Emulator.Begin();
        using MetalBackend backend = new(NullLogger.Instance);
        using Run reference = new(model, OpenedModel.Cpu(), prompt.Length), device = new(model, backend, prompt.Length);
        GreedyComparison comparison = new();
        (float[] expected, float[] found) = (reference.Next(prompt), device.Next(prompt));
        while (true)
        {
            comparison.Add(expected, found);
            Assert.Equal(Array.IndexOf(found, found.Max()), device.Best);
            if (comparison.Rows == Steps)
                break;
            // Both go on with the reference's token: what follows is comparable even where two tokens were as good.
            int next = Array.IndexOf(expected, expected.Max());
            (expected, found) = (reference.Next(next), device.Next(next));
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{comparison.Rows} tokens, {comparison.Decided} decided; largest difference of a logit {comparison.Deviation:g3}");
        Assert.Empty(comparison.Problems);
        Assert.InRange(comparison.Deviation, 1e-9, 1e-3);
        Assert.True(comparison.Decided >= Steps * 3 / 4, $"only {comparison.Decided} of {Steps} tokens are decided");
    }

    // The shortest recorded prompt.
    private static int[] Prompt()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Shared.Require("models", $"{Model}.goldens.json")));
        return json.RootElement.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32()).ToArray()).MinBy(ids => ids.Length)!;
    }

    /// <summary>One sequence on a backend.</summary>
    private sealed class Run : IDisposable
    {
        private readonly IModelRuntime _runtime;
        private readonly Batch _batch;
        private readonly int _vocabulary;
        private int _length;

        public Run(OpenedModel model, IKernelBackend backend, int rows)
        {
            RuntimeLimits limits = new() { MaxRows = rows, MaxOutputs = 1, MaxSequences = 1, MaxContext = rows + Steps, KvType = KvType.F32, Activations = ActivationPrecision.Float32 };
            _runtime = model.Build(backend, limits);
            _vocabulary = model.Graph.VocabularySize;
            _batch = new Batch(limits, model.Graph.CacheGroups.Count);
            for (int g = 0; g < _batch.GroupCount; g++)
            {
                Assert.True(_runtime.TryGrow(g, _batch.BlockTableLength));
                for (int i = 0; i < _batch.BlockTableLength; i++)
                    _batch.BlockTable(g, 0)[i] = _batch.BlockTableLength - 1 - i;
            }
        }

        /// <summary>The token that the device has chosen.</summary>
        public int Best => ((IChoosingRuntime)_runtime).Best(0)[0].Token;

        /// <summary>The logits after more tokens.</summary>
        public float[] Next(params int[] tokens)
        {
            _batch.Clear();
            for (int i = 0; i < tokens.Length; i++)
                _batch.Add(tokens[i], _length + i, _length + i, 0, i < tokens.Length - 1 ? RowOutputs.None : _runtime is IChoosingRuntime ? RowOutputs.Logits | RowOutputs.Best : RowOutputs.Logits);
            _batch.BestCounts[tokens.Length - 1] = 1;
            _length += tokens.Length;
            _runtime.Submit(_batch);
            Assert.True(_runtime.Wait());
            return new ReadOnlySpan<float>(_runtime.Logits(0), _vocabulary).ToArray();
        }

        public void Dispose()
        {
            _runtime.Dispose();
            _batch.Dispose();
        }
    }
}
