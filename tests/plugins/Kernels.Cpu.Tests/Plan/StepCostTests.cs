using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>What a step of decode does beside its products.</summary>
public class StepCostTests
{
    private const int Few = 1, Many = 4;

    [Fact]
    public void A_layer_has_five_barriers()
    {
        // Behind queries, keys and values; attention; its projection; gate and up; down.
        Assert.Equal(5 * (Many - Few), Barriers(Many) - Barriers(Few));

        static int Barriers(int layers)
        {
            using RandomModel model = new(new ModelShape { Layers = layers, Type = "q8_0" });
            using CountingTeam team = new(2);
            using Session session = new(model.Graph, model.Registry, Session.Limits(ActivationPrecision.Fast, KvType.F16), team: team);
            session.Feed(0, model.Tokens(20), 20);
            return team.Barriers(() => session.Feed(0, model.Tokens(1), 1));
        }
    }

    [Fact]
    public void A_row_is_prepared_once_for_all_products_that_read_it()
    {
        // For queries, keys and values; the attention's projection; gate and up; down.
        Assert.Equal(4 * (Many - Few), Preparations(Many) - Preparations(Few));

        static int Preparations(int layers)
        {
            CountingDot type = new();
            using RandomModel model = new(new ModelShape { Layers = layers, Type = type.Id }, Quantizations.With(type));
            using Session session = new(model.Graph, model.Registry, Session.Limits(ActivationPrecision.Fast, KvType.F16));
            int before = type.Prepared;
            session.Feed(0, model.Tokens(1), 1);
            return type.Prepared - before;
        }
    }
}
