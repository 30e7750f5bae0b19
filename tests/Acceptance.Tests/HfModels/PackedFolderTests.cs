using System.Runtime.InteropServices;
using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.HfModels;

/// <summary><c>tessera show FOLDER --tensor MODULE.weight --out F32.bin</c> where the folder has a quantization section and tensors that make no whole model.</summary>
public sealed class PackedFolderTests
{
    private const string Module = "model.layers.7.mlp.down_proj";

    public static TheoryData<string> Names => [.. PackedCase.Names];

    [Fact]
    public void Every_case_is_there()
    {
        Shared.Require("fixtures", "quantized-hf", "tensors");
        FixtureCount.Print("quantized-hf/tensors", $"{PackedCase.Names.Count} cases through the command line");
        Assert.Equal(33, PackedCase.Names.Count);
    }

    [Theory, MemberData(nameof(Names))]
    public async Task A_modules_weight_is_written_with_the_recorded_values(string name)
    {
        PackedCase it = PackedCase.Require(name);
        using TemporaryTree folder = it.Folder(Module);
        await WritesAsync(it, folder, $"{Module}{it.Ending}.weight");
    }

    [Fact]
    public async Task A_module_without_a_name_has_a_weight_too()
    {
        PackedCase it = PackedCase.Require("awq_4bit_g128");
        using TemporaryTree folder = it.Folder("");
        await WritesAsync(it, folder, "weight");
    }

    [Fact]
    public async Task Show_lists_the_modules_and_says_what_the_model_lacks()
    {
        PackedCase it = PackedCase.Require("gptq_4bit_g64_asym_descact");
        using TemporaryTree folder = it.Folder(Module);
        string shown = await TesseraProcess.RunAsync(null, "show", folder.Path);
        Assert.Contains("quantization scheme = gptq, 1 modules\n", shown, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^model\.layers\.7\.mlp\.down_proj\.weight +gptq4 +\[32, 192\] +[0-9]+ +4 bits, group 64", shown);
        Assert.Matches(@"(?m)^runs +no$", shown);
        Assert.Matches(@"(?m)^missing +metadata: .*architectures", shown);
    }

    private static async Task WritesAsync(PackedCase it, TemporaryTree folder, string tensor)
    {
        string output = folder["f32.bin"];
        await TesseraProcess.RunAsync(null, "show", folder.Path, "--tensor", tensor, "--out", output);
        float[] expected = it.Values, found = MemoryMarshal.Cast<byte, float>(await File.ReadAllBytesAsync(output, TestContext.Current.CancellationToken)).ToArray();
        Assert.Equal(expected.Length, found.Length);
        double largest = expected.Zip(found, (e, f) => float.IsFinite(f) ? Math.Abs((double)e - f) : double.PositiveInfinity).Max();
        TestContext.Current.TestOutputHelper?.WriteLine($"{it.Name}: largest difference {largest:E1} of {it.Tolerance:E1}");
        Assert.InRange(largest, 0, it.Tolerance);
    }
}
