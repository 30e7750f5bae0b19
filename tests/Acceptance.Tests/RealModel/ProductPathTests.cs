using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.RealModel;

/// <summary>The path of served requests (activations of 8 bits, KV cache of 16) against both references, as far as the README says that such an engine should agree.</summary>
public sealed class ProductPathTests(SharedStack stack)
{
    // The references part at its first step, at a gap of 0.06, and the models' README warns of tests of its answers: what follows there is at the edge at every step.
    private const string Undecided = "chat-capital";

    private const double SureGap = 0.6, LikelyGap = 0.5, MeanTolerance = 0.01, MeanDistance = 0.08;

    private static readonly PathRun Run = new(ActivationPrecision.Fast), Strict = new(ActivationPrecision.Float32);

    [Fact]
    public async Task The_first_token_is_a_references_where_the_gap_is_wide()
    {
        Generation[] found = await Run.GenerationsAsync(stack.Host);
        List<string> wrong = [];
        int wide = 0;
        for (int i = 0; i < found.Length; i++)
            foreach (GoldenAnswer answer in new[] { Run.Goldens.List[i].Float32, Run.Goldens.List[i].Stored })
                if (answer.Gaps[0] > SureGap)
                {
                    wide++;
                    if (found[i].Tokens[0] != answer.Greedy[0])
                        wrong.Add($"{Run.Goldens.List[i].Name}: {found[i].Tokens[0]}, recorded {answer.Greedy[0]} with a gap of {answer.Gaps[0]}");
                }
        Assert.Equal(Goldens.Cases, found.Length);
        Assert.Equal(Run.Goldens.List.Sum(c => (c.Float32.Gaps[0] > SureGap ? 1 : 0) + (c.Stored.Gaps[0] > SureGap ? 1 : 0)), wide);
        Assert.True(wide > Goldens.Cases, $"only {wide} wide gaps");
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Greedy_continuations_leave_both_references_only_where_the_gap_is_narrow()
    {
        Generation[] found = await Run.GenerationsAsync(stack.Host);
        List<string> wrong = [];
        int whole = 0;
        for (int i = 0; i < found.Length; i++)
        {
            GoldenCase one = Run.Goldens.List[i];
            (int Step, double Gap)? exact = Comparison.Parting(found[i], one.Float32), stored = Comparison.Parting(found[i], one.Stored);
            if (exact is null || stored is null)
                whole++;
            if (exact is { Gap: > LikelyGap } e)
                wrong.Add($"{one.Name}: leaves float32 at step {e.Step}, gap {e.Gap}");
            // The other reference rounds too, and is a sample of it: what counts is how near the taken token is without any rounding.
            if (stored is { Gap: > LikelyGap } s && one.Name != Undecided && await StrictGapAsync(one.Ids, found[i].Tokens, s.Step) is > LikelyGap and double gap)
                wrong.Add($"{one.Name}: leaves stored at step {s.Step}, gap {s.Gap}, in float32 {gap}");
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{whole} of {found.Length} continuations equal a reference's to the end");
        Assert.Equal(Goldens.Cases, found.Length);
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>How far a continuation's token is behind the best one after those before it, on the path that rounds nothing.</summary>
    private async Task<double> StrictGapAsync(int[] prompt, int[] continuation, int step)
    {
        Generation strict = await Strict.NextAsync(stack.Host, [.. prompt, .. continuation[..step]]);
        return strict.Top[0].LogProbability - strict.Top.Where(t => t.Token == continuation[step]).Select(t => (double)t.LogProbability).FirstOrDefault(double.NegativeInfinity);
    }

    [Fact]
    public void The_perplexity_text_is_no_further_from_float32_than_the_reference_that_rounds()
    {
        double[] found = Run.Text(stack.Host);
        GoldenText text = Run.Goldens.Text;
        Assert.Equal(Goldens.TextTokens - 1, found.Length);
        Assert.Equal(Goldens.TextTokens - 1, text.Float32.Length);
        double distance = found.Zip(text.Float32, Comparison.Distance).Average();
        double theirs = text.Stored.Zip(text.Float32, Comparison.Distance).Average();
        TestContext.Current.TestOutputHelper?.WriteLine($"mean |d log-probability| from float32 {distance:F4} (the reference that rounds: {theirs:F4}); mean_nll {-found.Average():F5} (it: {text.StoredMean:F5})");
        Assert.InRange(distance, 0, MeanDistance);
        Assert.InRange(-found.Average(), text.StoredMean - MeanTolerance, text.StoredMean + MeanTolerance);
    }
}
