using System.Text.Json;
using Tessera.Abstractions;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tests.RowDots;

public class CpuIsaTests
{
    [Fact]
    public void The_option_names_a_set_and_auto_is_all_that_is_here()
    {
        CpuIsa here = CpuIsa.Detect();
        Assert.Equal(here, CpuIsa.Parse("auto"));
        Assert.Equal(CpuIsa.Scalar, CpuIsa.Parse("scalar"));
        Assert.Equal("scalar", CpuIsa.Scalar.Name);
        Expect("vector128", here.Vector128);
        Expect("avx2", here.Avx2);
        Expect("avx512", here.Avx512);
    }

    [Fact]
    public void An_unknown_option_is_refused_with_what_is_expected()
    {
        TesseraException error = Assert.Throws<TesseraException>(() => CpuIsa.Parse("sse9"));
        Assert.Equal("kernels.cpu.isa: expected auto, scalar, vector128, avx2 or avx512, found 'sse9'", error.Message);
    }

    [Fact]
    public void A_type_without_a_kernel_is_not_found()
    {
        Assert.False(RowDotTable.TryGet("iq9_z", CpuIsa.Detect(), out _));
        Assert.True(RowDotTable.TryGet("q4_k", CpuIsa.Scalar, out RowDotKernel kernel));
        Assert.Equal("scalar", kernel.InstructionSet);
    }

    [Fact]
    public void Every_type_of_the_fixtures_has_a_kernel_on_every_instruction_set()
    {
        using JsonDocument index = JsonDocument.Parse(File.ReadAllText(Shared.Require("fixtures", "quantization", "index.json")));
        string[] types = [.. index.RootElement.GetProperty("types").EnumerateArray().Select(t => t.GetProperty("name").GetString()!.ToLowerInvariant())];
        Assert.True(types.Length >= 29, $"{types.Length} types");
        foreach (string type in types)
            Assert.All(Isas.All.Values, isa => Assert.True(RowDotTable.TryGet(type, isa, out _), $"{type}, {isa.Name}"));
    }

    private static void Expect(string option, bool isHere)
    {
        if (isHere)
            Assert.Equal(option, CpuIsa.Parse(option).Name);
        else
            Assert.Contains($"found '{option}'", Assert.Throws<TesseraException>(() => CpuIsa.Parse(option)).Message, StringComparison.Ordinal);
    }
}
