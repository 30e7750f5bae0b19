using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Grouped;
using Tessera.Kernels.Cpu.Linear.Nibbles;
using Tessera.Kernels.Cpu.Linear.Transposed;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.Linear;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tests.Plan;
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

    // What is tested in each child beside the kernels: whole steps with attention, mixtures of experts and batches of the sizes of drafts. The rest of Plan is about more than kernels.
    private static readonly Type[] Steps = [typeof(AttentionSpanTests), typeof(ExpertReadTests), typeof(ExpertStageTests), typeof(RandomModelTests), typeof(StepCostTests), typeof(StepTests)];

    private static readonly Type[] Long = [typeof(AttentionSpanTests), typeof(ExpertReadTests), typeof(RandomModelTests)];

    public static TheoryData<string> Switches => [.. InstructionSets.Switches];

    [Theory, MemberData(nameof(Switches))]
    public void All_tests_pass_without_an_instruction_set_and_its_kernels_are_not_chosen(string name)
    {
        string said = InstructionSets.Rerun(typeof(InstructionSetTests).Assembly, name, typeof(InstructionSetTests), Skipped(name));
        Dictionary<string, string> chosen = Said(said, ChosenKernelTests.Word).ToDictionary(w => w[0], w => w[1]);
        Assert.Equal(RowDotTable.Quantizations.ToArray().Concat(ChosenKernelTests.Beside).Order(), chosen.Keys.Order());
        Assert.All(RowDotTable.Quantizations.ToArray(), q => Assert.Contains(chosen[q], Left[name]));
        bool avx2 = name == "DOTNET_EnableAVX512" && CpuIsa.Detect().Avx2;
        foreach (string type in TileTable.Quantizations)
            Assert.Equal(avx2, chosen[type].StartsWith(Avx2, StringComparison.Ordinal));
        Assert.Equal(avx2 ? "8-rows" : "none", chosen[ChosenKernelTests.Tiles]);
        Assert.All(ChosenKernelTests.Packed, id => Assert.Equal(avx2 ? Avx2 : "none", chosen[id]));
        Assert.Equal(avx2 ? Avx2 : "portable", chosen[ChosenKernelTests.Unpacked]);
        Assert.All(ChosenKernelTests.Groups, id => Assert.Equal(!avx2 ? "none" : CpuIsa.Detect().AvxVnni ? Vnni : Avx2, chosen[id]));
        Assert.Equal(avx2 ? Avx2 : "portable", chosen[ChosenKernelTests.Halves]);
        Assert.Equal(avx2 ? "256-bit" : "portable", chosen[ChosenKernelTests.Exponential]);
        Assert.All(ChosenKernelTests.Beside.Where(b => b.StartsWith(ChosenKernelTests.Attention, StringComparison.Ordinal)), cache => Assert.Equal("256-bit", chosen[cache]));
        // Every mode that is left here was tested, by its name.
        string[] modes = name == "DOTNET_EnableHWIntrinsic" ? [Scalar] : [.. Left[name].Where(Isas.All.ContainsKey)];
        Assert.Equal(modes.Order(), Said(said, ChosenKernelTests.Mode).Select(w => w[0]).Order());
    }

    // Long contexts and whole models take minutes where vectors of 256 bits are emulated.
    private static string[] Skipped(string name) =>
        [.. typeof(InstructionSetTests).Assembly.GetTypes()
            .Where(t => t is { IsPublic: true, Namespace: "Tessera.Kernels.Cpu.Tests.Plan" } && (!Steps.Contains(t) || (Long.Contains(t) && name != "DOTNET_EnableAVX512")))
            .Select(t => t.FullName!)];

    private static IEnumerable<string[]> Said(string text, string word) =>
        text.Split('\n').Where(l => l.StartsWith(word, StringComparison.Ordinal)).Select(l => l[word.Length..].Trim().Split(' '));
}

public class SwitchedOffTests
{
    [Fact]
    public void A_switched_off_instruction_set_is_off() => InstructionSets.AssertSwitchedOff();
}

/// <summary>Says which kernels are chosen on this processor, with the instruction sets that are on; one that is not among those that are tested fails.</summary>
public class ChosenKernelTests
{
    /// <summary>What begins a line that says a choice.</summary>
    public const string Word = "chosen: ";

    /// <summary>What begins a line that names a mode whose kernels are tested.</summary>
    public const string Mode = "tested: ";

    /// <summary>Choices that no type of weights makes.</summary>
    public const string Tiles = "tiles", Unpacked = "unpacked", Described = "described/", Halves = "halves", Exponential = "exp", Attention = "attention/";

    /// <summary>Weights of four bits with their scales apart, and columns in the order of their groups.</summary>
    public static string[] Packed => [.. new[] { "gptq4", "gptq4.ordered", "awq4", "mlx_affine4", "ct_packed4", "mx_fp4" }.Select(id => "packed/" + id)];

    /// <summary>Types whose groups are described.</summary>
    public static string[] Groups => [.. DescribedType.Layouts.Keys.Select(name => Described + name.Replace(' ', '_'))];

    /// <summary>All of these.</summary>
    public static string[] Beside => [Tiles, Unpacked, .. Groups, .. Packed, Halves, Exponential, .. Enum.GetNames<KvType>().Select(kv => Attention + kv)];

    [Fact]
    public void Every_kernel_that_is_chosen_here_is_tested_here()
    {
        CpuIsa here = CpuIsa.Detect();
        foreach (string mode in Isas.All.Keys)
            Console.Error.WriteLine($"{Mode}{mode}");
        foreach (string quantization in RowDotTable.Quantizations)
            Check(quantization, Kernel(quantization, here), Isas.All.Values.Select(isa => Kernel(quantization, isa)));
        Check(Tiles, Tile(here), Isas.All.Values.Select(Tile));
        Check(Unpacked, Bytes(here), Isas.All.Values.Select(Bytes));
        foreach (string name in DescribedType.Layouts.Keys)
            Check(Described + name.Replace(' ', '_'), Grouped(name, here), Isas.All.Values.Select(isa => Grouped(name, isa)));
        foreach (string id in Packed)
            Check(id, PackedKernel(id, here), Isas.All.Values.Select(isa => PackedKernel(id, isa)));
        // Both are one text, whose tests run what the compiler makes of it here.
        string halves = here.Avx512 ? "512-bit" : Avx2.IsSupported ? "avx2" : "portable", exponential = Vector256.IsHardwareAccelerated ? "256-bit" : "portable";
        Check(Halves, halves, [halves]);
        Check(Exponential, exponential, [exponential]);
        // The tests of the 512-bit form are skipped where it cannot run.
        string[] attention = Avx512F.IsSupported ? ["512-bit", "256-bit"] : ["256-bit"];
        using RandomModel model = new(new ModelShape { HeadLength = 64, Width = 256 });
        foreach (KvType kv in Enum.GetValues<KvType>())
        {
            using Session session = new(model.Graph, model.Registry, Session.Limits(ActivationPrecision.Fast, kv));
            string how = session.Runtime.Explain().First(line => line.Contains("paged attention", StringComparison.Ordinal));
            Check(Attention + kv, how.Split(' ', ',').Single(word => word.EndsWith("-bit", StringComparison.Ordinal)), attention);
        }
    }

    private static void Check(string what, string chosen, IEnumerable<string> tested)
    {
        Console.Error.WriteLine($"{Word}{what} {chosen}");
        Assert.Contains(chosen, tested);
    }

    private static string Kernel(string quantization, CpuIsa isa)
    {
        Assert.True(RowDotTable.TryGet(quantization, isa, out RowDotKernel kernel), quantization);
        return kernel.InstructionSet;
    }

    // What AffineTileTests take by their sets.
    private static string Bytes(CpuIsa isa) => isa.Avx512 ? "avx512" : isa.Avx2 ? "avx2" : "portable";

    // What GroupedRowsTests take.
    private static string Grouped(string name, CpuIsa isa) => GroupedRows.Of(DescribedType.Layouts[name], isa)?.InstructionSet ?? "none";

    // As PackedKernelTests and ScatteredKernelTests make them.
    private static string PackedKernel(string id, CpuIsa isa)
    {
        const int Columns = 256, Group = 32;
        string[] parts = id.Split('/', '.');
        int[]? order = parts.Length > 2 ? [.. Enumerable.Range(0, Columns).Select(i => i % (Columns / Group))] : null;
        using PackedWeight weight = new(parts[1], 256, Columns, Group, order);
        AffineSource source = AffineSource.Of(weight.Tensor, PackedWeight.Type(weight.Tensor.Quantization))!;
        Preparation form = source.Order is null ? Preparation.Int8(isa) : Preparation.Int8(isa, source.Order);
        return (TransposedTable.Create(weight.Tensor, source, form, isa) ?? NibbleTable.Create(weight.Tensor, source, form, isa))?.InstructionSet ?? "none";
    }

    private static string Tile(CpuIsa isa) => TileTable.Width(isa) is > 0 and int width ? $"{width}-rows" : "none";
}
