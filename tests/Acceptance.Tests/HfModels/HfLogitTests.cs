using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Evaluation;

namespace Tessera.Acceptance.Tests.HfModels;

/// <summary>Hugging Face folders through the whole stack: logits and greedy continuations.</summary>
public sealed class HfLogitTests(SharedStack stack)
{
    // Keys and values in half precision move these models' logits by up to 0.02; their logits have a standard deviation of 2 to 5.
    // Experts of four bits meet activations of eight, which move them by up to 0.2.
    private const double ProductTolerance = 0.05, PackedTolerance = 0.4;

    public static TheoryData<string> Names => [.. HfGolden.Names];

    public static TheoryData<string> NamesOfOld => [.. HfGolden.NamesOfOld];

    [Fact]
    public void Every_decoder_of_the_fixtures_is_named()
    {
        HfGolden.RequireAllNamed();
        FixtureCount.Print("hf-models", $"{HfGolden.Names.Count} decoders, {HfGolden.NamesOfOld.Count} of them in both spellings, {HfGolden.Names.Count * 4} sequences, {HfGolden.Names.Count * 6} conversations, {HfGolden.Names.Count * 23} texts");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_reference_path_has_the_recorded_logits_and_continuation(string name)
    {
        HfGolden golden = HfGolden.Require(name);
        Check(golden, golden.Folder, ActivationPrecision.Float32, golden.Tolerance);
    }

    [Theory]
    [MemberData(nameof(NamesOfOld))]
    public void The_older_spelling_of_the_configuration_has_the_same_logits(string name)
    {
        HfGolden golden = HfGolden.Require(name);
        string folder = golden.CopyWithOldConfig();
        try
        {
            Check(golden, folder, ActivationPrecision.Float32, golden.Tolerance);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_product_path_is_near_the_recorded_logits(string name)
    {
        HfGolden golden = HfGolden.Require(name);
        Check(golden, golden.Folder, ActivationPrecision.Fast, name == "gpt_oss" ? PackedTolerance : ProductTolerance);
    }

    private void Check(HfGolden golden, string folder, ActivationPrecision activations, double tolerance)
    {
        using Composition composition = stack.Host.Build(folder, activations);
        Assert.Empty(composition.Source.Warnings);
        Assert.Equal(golden.VocabularySize, composition.Graph.VocabularySize);
        // Planned sequence by sequence, as a request would be.
        using SequenceEvaluator evaluator = new(composition.Name, composition.Graph, composition.Runtime, composition.Limits);
        double largest = 0;
        foreach (HfSequence sequence in golden.Sequences)
        {
            int rows = 0;
            evaluator.Evaluate(sequence.Tokens, sequence.Positions, (position, logits) =>
            {
                double[] expected = sequence.Logits[Array.IndexOf(sequence.Positions, position)];
                Assert.Equal(expected.Length, logits.Length);
                for (int i = 0; i < logits.Length; i++)
                    largest = float.IsFinite(logits[i]) ? Math.Max(largest, Math.Abs(logits[i] - expected[i])) : double.PositiveInfinity;
                rows++;
            });
            Assert.Equal(sequence.Positions.Length, rows);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{golden.Name}: {largest:E2} of {tolerance:E2}");
        Assert.InRange(largest, 0, tolerance);
        if (activations == ActivationPrecision.Float32)
            Assert.Equal(golden.Greedy, evaluator.Greedy(golden.Prompt, golden.Greedy.Length));
    }
}
