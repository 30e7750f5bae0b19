using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Tests.Ops;

/// <summary>Routings by their definition, sorted the slow way; and the cases that a definition leaves to care.</summary>
public unsafe class ExpertRouterTests
{
    public static TheoryData<ExpertScoring, bool, GroupScoring, int> Routings =>
        new MatrixTheoryData<ExpertScoring, bool, GroupScoring, int>(Enum.GetValues<ExpertScoring>(), [false, true], Enum.GetValues<GroupScoring>(), [1, 2, 4]);

    [Theory, MemberData(nameof(Routings))]
    public void Rows_are_routed_by_the_definition(ExpertScoring scoring, bool biased, GroupScoring groupScoring, int groupsUsed)
    {
        const int Experts = 24, Groups = 4;
        Random random = new(5);
        for (int round = 0; round < 50; round++)
        {
            ExpertRouting routing = new(1 + round % 6, scoring) { Normalize = round % 2 == 0, Scale = 1.5f, Groups = Groups, GroupsUsed = groupsUsed, GroupScoring = groupScoring };
            float[] logits = [.. Enumerable.Range(0, Experts).Select(_ => 4 * random.NextSingle() - 2)];
            float[] bias = [.. Enumerable.Range(0, Experts).Select(_ => biased ? random.NextSingle() : 0)];
            (int[] chosen, float[] weights) = Route(logits, biased ? bias : null, routing);

            double total = logits.Sum(l => Math.Exp(l));
            double[] scores = [.. logits.Select(l => scoring switch { ExpertScoring.Softmax => Math.Exp(l) / total, ExpertScoring.Sigmoid => 1 / (1 + Math.Exp(-l)), _ => l })];
            double[] judged = [.. scores.Zip(bias, (s, b) => s + b)];
            int take = groupScoring == GroupScoring.Best ? 1 : 2;
            int[] open = [.. Enumerable.Range(0, Groups).OrderByDescending(g => judged.Skip(g * 6).Take(6).OrderDescending().Take(take).Sum()).Take(groupsUsed)];
            int[] expected = [.. Enumerable.Range(0, Experts).Where(e => open.Contains(e / 6)).OrderByDescending(e => judged[e]).Take(routing.Used)];
            Assert.Equal(expected, chosen);
            double[] shares = [.. expected.Select(e => scoring == ExpertScoring.SoftmaxOfChosen ? Math.Exp(scores[e]) / expected.Sum(o => Math.Exp(scores[o])) : scores[e])];
            double sum = routing.Normalize ? shares.Sum() : 1;
            for (int i = 0; i < routing.Used; i++)
                Assert.Equal(shares[i] / sum * 1.5, weights[i], 1e-6);
        }
    }

    [Fact]
    public void Of_equals_the_lower_expert_and_group_are_taken()
    {
        float[] logits = [1, 2, 2, 1, 2, 2, 2, 1];
        Assert.Equal([1, 2, 4], Route(logits, null, new ExpertRouting(3, ExpertScoring.Sigmoid)).Chosen);
        Assert.Equal([1, 2], Route(logits, null, new ExpertRouting(2, ExpertScoring.Softmax) { Groups = 4, GroupsUsed = 2 }).Chosen);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void Rows_that_are_no_numbers_take_experts_that_exist(float value)
    {
        float[] logits = [.. Enumerable.Repeat(value, 8)];
        foreach (ExpertScoring scoring in Enum.GetValues<ExpertScoring>())
            foreach (GroupScoring groups in Enum.GetValues<GroupScoring>())
                Assert.Equal([0, 1, 2], Route(logits, null, new ExpertRouting(3, scoring) { Groups = 2, GroupsUsed = 1, GroupScoring = groups }).Chosen);
    }

    private static (int[] Chosen, float[] Weights) Route(float[] logits, float[]? bias, ExpertRouting routing)
    {
        int[] chosen = new int[routing.Used];
        float[] weights = new float[routing.Used];
        byte[] scratch = new byte[ExpertRouter.ScratchBytes(logits.Length, routing.Groups)];
        fixed (float* l = logits, b = bias, w = weights)
        fixed (int* c = chosen)
        fixed (byte* s = scratch)
            ExpertRouter.Route(l, b, logits.Length, routing, s, c, w);
        return (chosen, weights);
    }
}
