using System.Globalization;
using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.RealModel;

/// <summary>float32 activations and KV cache against the strict reference.</summary>
public sealed class ReferencePathTests(SharedStack stack)
{
    private const double LogProbabilityTolerance = 1e-3, MeanTolerance = 1e-4, Tie = 0.002;

    // The command goes the way of the whole text's test; its own part is the file, the tokens and the mean.
    private const int CommandTokens = 512;

    private static readonly PathRun Run = new(ActivationPrecision.Float32);

    [Fact]
    public async Task The_best_tokens_have_the_recorded_probabilities()
    {
        Generation[] found = await Run.GenerationsAsync(stack.Host);
        double[] largest = [.. Run.Goldens.List.Select((c, i) => Comparison.LargestOfTop(found[i], c.Float32, LogProbabilityTolerance))];
        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference of a top-20 log-probability: {largest.Max():E2}");
        Assert.Equal(Goldens.Cases, largest.Length);
        Assert.All(largest.Zip(Run.Goldens.List), p => Assert.True(p.First <= LogProbabilityTolerance, $"{p.Second.Name}: {p.First}"));
    }

    [Fact]
    public async Task Greedy_continuations_are_the_recorded_ones_up_to_ties()
    {
        Generation[] found = await Run.GenerationsAsync(stack.Host);
        List<string> wrong = [];
        int whole = 0;
        double largest = 0;
        for (int i = 0; i < found.Length; i++)
        {
            GoldenCase one = Run.Goldens.List[i];
            (int Step, double Gap)? parting = Comparison.Parting(found[i], one.Float32);
            if (parting is { Gap: > Tie } bad)
                wrong.Add($"{one.Name}: step {bad.Step}, gap {bad.Gap}");
            whole += parting is null ? 1 : 0;
            for (int step = 0; step < (parting?.Step ?? Goldens.Steps); step++)
                largest = Math.Max(largest, Comparison.Distance(one.Float32.LogProbabilities[step], found[i].LogProbabilities[step]));
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{whole} of {found.Length} continuations whole; largest difference of a taken token's log-probability {largest:E2}");
        Assert.Equal(Goldens.Cases, found.Length);
        Assert.Empty(wrong);
        Assert.InRange(largest, 0, LogProbabilityTolerance);
    }

    [Fact]
    public void The_perplexity_text_has_the_recorded_probabilities()
    {
        double[] found = Run.Text(stack.Host);
        GoldenText text = Run.Goldens.Text;
        Assert.Equal(Goldens.TextTokens - 1, found.Length);
        Assert.Equal(Goldens.TextTokens - 1, text.Float32.Length);
        double largest = found.Zip(text.Float32, Comparison.Distance).Max();
        TestContext.Current.TestOutputHelper?.WriteLine($"mean_nll {-found.Average():F6}, recorded {text.Float32Mean:F6}; largest difference of a log-probability {largest:E2}");
        Assert.InRange(-found.Average(), text.Float32Mean - MeanTolerance, text.Float32Mean + MeanTolerance);
        Assert.InRange(largest, 0, LogProbabilityTolerance);
    }

    [Fact]
    public async Task The_command_perplexity_prints_the_recorded_mean()
    {
        Goldens goldens = Goldens.Require();
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            await File.WriteAllTextAsync(file, goldens.Text.Text);
            double mean = -goldens.Text.Float32.Take(CommandTokens - 1).Average();
            string output = await TesseraProcess.RunAsync(null, "perplexity", goldens.Model, file, "--activations", "float32", "--tokens", $"{CommandTokens}");
            string[] words = output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            double Value(string name) => double.Parse(words[Array.IndexOf(words, name) + 1], CultureInfo.InvariantCulture);
            Assert.Equal(CommandTokens - 1, Value("tokens"));
            Assert.InRange(Value("mean_nll"), mean - MeanTolerance, mean + MeanTolerance);
            Assert.InRange(Math.Log(Value("perplexity")), mean - MeanTolerance, mean + MeanTolerance);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
