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
