using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.RealModel;

/// <summary>The path of served requests (activations of 8 bits, KV cache of 16) against both references, as far as the README says that such an engine should agree.</summary>
public sealed class ProductPathTests(SharedStack stack)
{
    private const double SureGap = 0.6, LikelyGap = 0.5, MeanTolerance = 0.01, MeanDistance = 0.08;

    private static readonly PathRun Run = new(ActivationPrecision.Fast);

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
            if (stored is { Gap: > LikelyGap } s)
                wrong.Add($"{one.Name}: leaves stored at step {s.Step}, gap {s.Gap}");
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{whole} of {found.Length} continuations equal a reference's to the end");
        Assert.Equal(Goldens.Cases, found.Length);
        Assert.Empty(wrong);
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
