using Microsoft.Extensions.DependencyInjection;
using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Interpreter;
using Tessera.Conformance.Tests.TinyModels;

namespace Tessera.Conformance.Tests.Checks;

public sealed class QuantizedCheckTests
{
    [Fact]
    public void A_model_of_each_type_with_a_quantizer_can_be_checked()
    {
        using ServiceProvider services = TinyModel.Quantizations();
        QuantizationRegistry registry = new(services.GetServices<IQuantization>());
        int types = 0;
        foreach (IQuantization type in services.GetServices<IQuantization>().Where(q => q is IQuantizer))
        {
            CheckShape shape = new() { Quantization = type.Id, Width = 256, FeedForward = 256, Heads = 4, HeadLength = 64, Layers = 1 };
            Assert.True(BackendCheck.Compare(new ReferenceBackend(), shape, registry).Outputs > 30, type.Id);
            types++;
        }
        Assert.True(types >= 8, $"{types} types have a quantizer");
    }

    [Fact]
    public void A_backend_that_is_wrong_with_one_type_is_found_and_a_right_one_is_not()
    {
        using ServiceProvider services = TinyModel.Quantizations();
        IQuantization[] types = [.. services.GetServices<IQuantization>()];
        Assert.Null(BackendTypes.Problem(new ReferenceBackend(), types));
        foreach (string type in (string[])["q8_0", "q4_k", "bf16"])
        {
            WrongBackend wrong = new(graph => graph.Nodes.Any(n => n is LinearNode linear && linear.Weight.Quantization == type) ? Louder(graph) : graph);
            Assert.StartsWith($"differs from the float64 reference with weights of type '{type}': ", BackendTypes.Problem(wrong, types), StringComparison.Ordinal);
        }
    }

    private static ModelGraph Louder(ModelGraph graph) => new()
    {
        Nodes = [.. graph.Nodes.Select(n => n is RmsNormNode norm ? norm with { Epsilon = 100 } : n)],
        CacheGroups = graph.CacheGroups,
        VocabularySize = graph.VocabularySize,
        Hidden = graph.Hidden,
        Logits = graph.Logits,
        Pooled = graph.Pooled,
    };

    [Fact]
    public void Bytes_of_the_callers_own_are_used()
    {
        using ServiceProvider services = TinyModel.Quantizations();
        QuantizationRegistry registry = new(services.GetServices<IQuantization>());
        List<string> asked = [];
        CheckShape shape = new()
        {
            Quantization = "q8_0",
            Layers = 1,
            Quantize = values =>
            {
                asked.Add(values.Name);
                byte[] bytes = new byte[values.Rows * values.Columns / 32 * 34]; // blocks of a half scale and 32 bytes
                new Random(3).NextBytes(bytes);
                for (int i = 0; i < bytes.Length; i += 34)
                    (bytes[i], bytes[i + 1]) = (0, 0x18); // 2⁻⁹
                return bytes;
            },
        };
        Assert.True(BackendCheck.Compare(new ReferenceBackend(), shape, registry).Outputs > 30);
        Assert.Equal(8, asked.Distinct().Count());
    }
}
