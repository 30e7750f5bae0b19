using System.Runtime.Intrinsics;
using Tessera.Conformance.Checks;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tests.RowDots;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>Rows are grouped by expert: a step reads the weights of every expert that a row has chosen once, and those of the others not at all.</summary>
public class ExpertReadTests
{
    private const int Experts = 6, Used = 2;

    [Theory]
    [InlineData(1, 1, 32)]
    [InlineData(2, 2, 32)]
    [InlineData(3, 16, 32)]
    [InlineData(24, 16, 16)]
    [InlineData(24, 16, 32)]
    [InlineData(100, 16, 32)]
    public void A_step_reads_each_row_of_a_chosen_expert_once(int rows, int lanes, int group)
    {
        CountingType counting = new(group);
        CheckShape shape = new()
        {
            Quantization = counting.Id,
            Width = 64,
            HeadLength = 16,
            FeedForward = 96,
            Layers = 1,
            Experts = new CheckExperts(Experts, new ExpertRouting(Used, ExpertScoring.Softmax)),
        };
        using CheckModel model = new(shape, Quantizations.With(counting));
        using Session session = new(model.Graph, Quantizations.With(counting), Session.Limits(ActivationPrecision.Fast, KvType.F16), lanes);
        Random random = new(rows);
        session.Add(0, [.. Enumerable.Range(0, rows).Select(_ => random.Next(shape.Vocabulary))]);
        counting.Clear();
        session.Run();

        HashSet<int>? active = null;
        foreach ((string name, int expertRows) in new[] { ("gate", shape.FeedForward), ("up", shape.FeedForward), ("down", shape.Width) })
        {
            int[] reads = counting.Reads($"blk.0.ffn_{name}_exps.weight", Experts * expertRows);
            HashSet<int> read = [];
            for (int expert = 0; expert < Experts; expert++)
            {
                int[] own = reads[(expert * expertRows)..((expert + 1) * expertRows)];
                Assert.True(own.All(n => n == 0) || own.All(n => n == 1), $"{name}, expert {expert}: rows were read {string.Join(", ", own.Distinct().Order())} times");
                if (own[0] == 1)
                    read.Add(expert);
            }
            active ??= read;
            Assert.Equal(active, read);
        }
        Assert.InRange(active!.Count, Used, Math.Min(Experts, rows * Used));
        Assert.True(rows > 1 || active.Count == Used, $"one row has {active.Count} experts");
    }

    public static MatrixTheoryData<string, string> Kernels => new(["q8_0", "q4_1", "q4_k", "q6_k", "mxfp4", "iq4_xs", "nvfp4"], [.. Isas.All.Keys]);

    // Two of four experts: of 100 rows each has some fifty, which every kind of tile takes.
    [Theory, MemberData(nameof(Kernels))]
    public void However_many_rows_come_together_each_has_the_bits_that_it_has_alone(string type, string isa)
    {
        CheckShape shape = new() { Width = 256, FeedForward = 256, Heads = 4, HeadLength = 64, Layers = 1, Quantization = type, Experts = new CheckExperts(4, new ExpertRouting(2, ExpertScoring.Softmax)) };
        using CheckModel model = new(shape, Quantizations.With());
        Random random = new(1);
        int[] tokens = [.. Enumerable.Range(0, Vector256.IsHardwareAccelerated ? 100 : 20).Select(_ => random.Next(shape.Vocabulary))];
        float[][]? alone = null;
        foreach (int chunk in (int[])[1, 9, 45, 70, 100])
        {
            using Session session = new(model.Graph, Quantizations.With(), Session.Limits(ActivationPrecision.Fast, KvType.F16), lanes: 2, backend: new CpuBackend(Isas.All[isa]));
            float[][] found = session.Feed(0, tokens, chunk);
            alone ??= found;
            Difference.None(alone, found, $"{chunk} rows");
        }
    }
}
