using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>Which experts a row takes, with what weights, and the sum of what they made, against double precision.</summary>
public sealed class RoutingTests
{
    private const double Tolerance = 1e-6;

    // More than the threads of a threadgroup.
    private const int Rows = 35;

    private static readonly Dictionary<string, Routing> Routings = new()
    {
        ["softmax"] = new(new(3, ExpertScoring.Softmax) { Scale = 2.5f }, 8, HasBias: false),
        ["softmax, normalized, in groups by their best"] = new(new(2, ExpertScoring.Softmax) { Normalize = true, Groups = 3, GroupsUsed = 1 }, 12, HasBias: true),
        ["softmax of the chosen"] = new(new(4, ExpertScoring.SoftmaxOfChosen), 5, HasBias: true),
        ["sigmoid, normalized, in groups by their two best"] = new(new(4, ExpertScoring.Sigmoid) { Normalize = true, Scale = 1.7f, Groups = 4, GroupsUsed = 2, GroupScoring = GroupScoring.BestTwo }, 12, HasBias: true),
        ["all experts"] = new(new(3, ExpertScoring.Sigmoid), 3, HasBias: false),
    };

    public static TheoryData<string> Names => [.. Routings.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Experts_are_chosen_and_weighted(string name)
    {
        Routing routing = Routings[name];
        routing.Compare(Gpu.InEveryOrder<float>(routing.Run));
    }

    [Fact]
    public void What_experts_made_is_summed() => CompareSum(Gpu.InEveryOrder<float>(Sum));

    /// <summary>All of it once, for tests of seeded bugs.</summary>
    internal static void Check(Gpu gpu)
    {
        foreach (Routing routing in Routings.Values)
            routing.Compare(routing.Run(gpu));
        CompareSum(Sum(gpu));
    }

    private const int Width = 37, Used = 3;
    private static readonly float[] Made = Numbers.Floats(4 * Used * Width, 3), Weights = Numbers.Floats(4 * Used, 4);

    private static float[] Sum(Gpu gpu)
    {
        DeviceBuffer x = gpu.Put<float>(Made), w = gpu.Put<float>(Weights), y = gpu.New<float>(4 * Width);
        gpu.Run(c => c.Use(gpu.Device.Pipelines.Get(KernelText.Of("experts"), "sum_experts")).Bind(0, x.At(0)).Bind(1, w.At(0)).Bind(2, y.At(0)).Bind(3, new ElementArguments { Width = Width, Groups = Used }).RunElements(Width, 4));
        return Gpu.Get<float>(y, 4 * Width);
    }

    private static void CompareSum(float[] found)
    {
        double[] expected = [.. Enumerable.Range(0, 4 * Width).Select(i => Enumerable.Range(0, Used).Sum(n => (double)Weights[i / Width * Used + n] * Made[(i / Width * Used + n) * Width + i % Width]))];
        Assert.InRange(Numbers.Relative(expected, found), 0, Tolerance);
    }

    private sealed record Routing(ExpertRouting Of, int Experts, bool HasBias)
    {
        private float[] Logits => [.. Numbers.Floats(Rows * Experts, 1).Select(v => 3 * v)];

        private float[] Bias => [.. Numbers.Floats(Experts, 2).Select(v => v / 4)];

        /// <summary>The numbers of the chosen, then their weights.</summary>
        public float[] Run(Gpu gpu)
        {
            DeviceBuffer chosen = gpu.New<int>(Rows * Of.Used), weights = gpu.New<float>(Rows * Of.Used);
            ChoiceArguments arguments = new()
            {
                Experts = (uint)Experts,
                Used = (uint)Of.Used,
                Scoring = (uint)Of.Scoring,
                Normalizes = Of.Normalize ? 1u : 0u,
                Groups = (uint)Of.Groups,
                GroupsUsed = (uint)Of.GroupsUsed,
                GroupScoring = (uint)Of.GroupScoring,
                HasBias = HasBias ? 1u : 0u,
                Scale = Of.Scale,
            };
            gpu.Run(c => c.Use(gpu.Device.Pipelines.Get(KernelText.Of("experts"), "choose_experts")).Bind(0, gpu.Put<float>(Logits).At(0)).Bind(1, gpu.Put<float>(Bias).At(0)).Bind(2, gpu.New<float>(Rows * Experts).At(0))
                .Bind(3, chosen.At(0)).Bind(4, weights.At(0)).Bind(5, gpu.Put<int>(Rows).At(0)).Bind(6, arguments).Run((Rows + 31) / 32, 1, 1, 32));
            return [.. Gpu.Get<int>(chosen, Rows * Of.Used).Select(e => (float)e), .. Gpu.Get<float>(weights, Rows * Of.Used)];
        }

        public void Compare(float[] found)
        {
            (int Expert, double Weight)[] expected = [.. Enumerable.Range(0, Rows).SelectMany(Chosen)];
            Assert.Equal(expected.Select(e => (float)e.Expert), found[..expected.Length]);
            Assert.InRange(Numbers.Relative([.. expected.Select(e => e.Weight)], found[expected.Length..]), 0, Tolerance);
        }

        private IEnumerable<(int, double)> Chosen(int row)
        {
            double[] x = [.. Logits.Skip(row * Experts).Take(Experts).Select(v => (double)v)], exponents = [.. x.Select(v => Math.Exp(v))];
            double[] scores = Of.Scoring switch
            {
                ExpertScoring.Softmax => [.. exponents.Select(e => e / exponents.Sum())],
                ExpertScoring.Sigmoid => [.. exponents.Select(e => e / (1 + e))],
                _ => x,
            };
            double[] judged = [.. scores.Select((s, e) => s + (HasBias ? Bias[e] : 0))];
            int size = Experts / Of.Groups;
            double Judge(int group)
            {
                double[] best = [.. judged.Skip(group * size).Take(size).OrderDescending()];
                return Of.GroupScoring == GroupScoring.Best ? best[0] : best[0] + best[1];
            }
            int[] open = [.. Enumerable.Range(0, Of.Groups).OrderByDescending(Judge).Take(Of.GroupsUsed)];
            int[] chosen = [.. Enumerable.Range(0, Experts).Where(e => open.Contains(e / size)).OrderByDescending(e => judged[e]).Take(Of.Used)];
            double[] weights = [.. chosen.Select(e => Of.Scoring == ExpertScoring.SoftmaxOfChosen ? exponents[e] : scores[e])];
            double all = Of.Normalize || Of.Scoring == ExpertScoring.SoftmaxOfChosen ? weights.Sum() : 1;
            return chosen.Zip(weights.Select(w => w / all * Of.Scale));
        }
    }
}
