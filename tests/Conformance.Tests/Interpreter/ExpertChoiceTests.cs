using Tessera.Conformance.Interpreter;

namespace Tessera.Conformance.Tests.Interpreter;

/// <summary>Routings against choices that were worked out by hand. A logit is the logarithm of a weight, so that softmax gives the weights' shares.</summary>
public sealed class ExpertChoiceTests
{
    // Shares 1/10, 4/10, 2/10, 3/10.
    private static readonly double[] Logits = [0, Math.Log(4), Math.Log(2), Math.Log(3)];

    [Fact]
    public void Softmax_weighs_by_shares_of_all_experts() =>
        Near([(1, 0.4), (3, 0.3)], Choose(new(2, ExpertScoring.Softmax)));

    [Fact]
    public void Normalization_comes_before_the_scale() =>
        Near([(1, 4 / 7.0 * 2.5), (3, 3 / 7.0 * 2.5)], Choose(new(2, ExpertScoring.Softmax) { Normalize = true, Scale = 2.5f }));

    [Fact]
    public void Softmax_of_the_chosen_sees_only_those() =>
        Near([(1, 4 / 9.0), (3, 3 / 9.0), (2, 2 / 9.0)], Choose(new(3, ExpertScoring.SoftmaxOfChosen)));

    [Fact]
    public void Sigmoid_scores_each_alone() =>
        Near([(1, 0.8), (3, 0.75)], Choose(new(2, ExpertScoring.Sigmoid)));

    [Fact]
    public void A_selection_bias_chooses_and_does_not_weigh() =>
        Near([(0, 0.1), (1, 0.4)], Choose(new(2, ExpertScoring.Softmax), 1, 0, 0, 0));

    [Fact]
    public void Of_equals_the_lower_expert_is_chosen() =>
        Near([(0, 0.25), (1, 0.25)], ExpertChoice.Choose([5, 5, 5, 5], [], new(2, ExpertScoring.Softmax)));

    [Fact]
    public void Groups_are_judged_by_their_best_or_by_their_two_best()
    {
        // Sigmoids 0.8, 0.5 | 0.75, 0.66…
        double[] logits = [Math.Log(4), 0, Math.Log(3), Math.Log(2)];
        ExpertRouting best = new(2, ExpertScoring.Sigmoid) { Groups = 2, GroupsUsed = 1 };
        Near([(0, 0.8), (1, 0.5)], ExpertChoice.Choose(logits, [], best));
        Near([(2, 0.75), (3, 2 / 3.0)], ExpertChoice.Choose(logits, [], best with { GroupScoring = GroupScoring.BestTwo }));
        Near([(3, 2 / 3.0), (2, 0.75)], ExpertChoice.Choose(logits, [0, 0, 0, 0.2f], best));
    }

    private static (int Expert, double Weight)[] Choose(ExpertRouting routing, params float[] bias) => ExpertChoice.Choose(Logits, bias, routing);

    private static void Near((int Expert, double Weight)[] expected, (int Expert, double Weight)[] found)
    {
        Assert.Equal(expected.Select(e => e.Expert), found.Select(f => f.Expert));
        foreach (((_, double weight), (_, double other)) in expected.Zip(found))
            Assert.Equal(weight, other, 1e-7);
    }
}
