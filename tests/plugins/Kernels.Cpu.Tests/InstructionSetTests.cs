using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Tests;

public class InstructionSetTests
{
    private const string Scalar = "scalar", Vector128 = "vector128", Avx2 = "avx2", Vnni = "avx2-vnni";

    // Without the set of the switch, the widest that is left has to be chosen; the types in units of signed bytes have none of 128 bits.
    private static readonly Dictionary<string, string[]> Left = new()
    {
        ["DOTNET_EnableAVX512"] = [Avx2, Vnni, Vector128, Scalar],
        ["DOTNET_EnableAVX2"] = [Vector128, Scalar],
        ["DOTNET_EnableHWIntrinsic"] = [Scalar],
    };

    public static TheoryData<string> Switches => [.. InstructionSets.Switches];

    [Theory, MemberData(nameof(Switches))]
    public void All_tests_pass_without_an_instruction_set_and_its_kernels_are_not_chosen(string name)
    {
        string said = InstructionSets.Rerun(typeof(InstructionSetTests).Assembly, name, typeof(InstructionSetTests), "Tessera.Kernels.Cpu.Tests.Plan*");
        Dictionary<string, string> chosen = said.Split('\n').Where(l => l.StartsWith(ChosenKernelTests.Word, StringComparison.Ordinal))
            .Select(l => l[ChosenKernelTests.Word.Length..].Trim().Split(' ')).ToDictionary(w => w[0], w => w[1]);
        Assert.Equal(RowDotTable.Quantizations.ToArray().Order(), chosen.Keys.Order());
        Assert.All(chosen, c => Assert.Contains(c.Value, Left[name]));
        bool avx2 = name == "DOTNET_EnableAVX512" && CpuIsa.Detect().Avx2;
        foreach (string type in TileTable.Quantizations)
            Assert.Equal(avx2, chosen[type].StartsWith(Avx2, StringComparison.Ordinal));
    }
}

public class SwitchedOffTests
{
    [Fact]
    public void A_switched_off_instruction_set_is_off() => InstructionSets.AssertSwitchedOff();
}

/// <summary>Says which kernel each type gets on this processor, with the instruction sets that are on; one that is not among those that are tested fails.</summary>
public class ChosenKernelTests
{
    /// <summary>What begins a line that says a choice.</summary>
    public const string Word = "chosen: ";

    [Fact]
    public void Every_kernel_that_is_chosen_here_is_tested_here()
    {
        foreach (string quantization in RowDotTable.Quantizations)
        {
            string chosen = Kernel(quantization, CpuIsa.Detect());
            Console.Error.WriteLine($"{Word}{quantization} {chosen}");
            Assert.Contains(chosen, Isas.All.Values.Select(isa => Kernel(quantization, isa)));
        }
        // Tiles and attention follow from their width.
        Assert.Contains(TileTable.Width(CpuIsa.Detect()), Isas.All.Values.Select(TileTable.Width));
    }

    private static string Kernel(string quantization, CpuIsa isa)
    {
        Assert.True(RowDotTable.TryGet(quantization, isa, out RowDotKernel kernel), quantization);
        return kernel.InstructionSet;
    }
}
