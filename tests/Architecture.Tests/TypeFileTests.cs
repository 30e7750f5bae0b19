using System.Text.Json;
using System.Text.RegularExpressions;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Architecture.Tests;

/// <summary>One file per type, one kernel file per type and instruction set.</summary>
public sealed partial class TypeFileTests
{
    [Fact]
    public void Every_type_with_row_dots_has_a_file_for_each_instruction_set_that_the_table_has_a_kernel_for()
    {
        ILookup<string, string> declared = Sources("plugins/Kernels.Cpu")
            .SelectMany(f => Declaration().Matches(f.Text).Select(m => (Type: m.Groups[1].Value.ToLowerInvariant(), f.Name)))
            .ToLookup(d => d.Type, d => d.Name);
        List<string> wrong = [];
        foreach (string quantization in RowDotTable.Quantizations)
        {
            IEnumerable<string> expected = Sets().Select(isa => $"{quantization}{Suffix(InstructionSet(quantization, isa))}.cs").Distinct().Order(StringComparer.Ordinal);
            IEnumerable<string> found = declared[quantization].Select(Lower).Order(StringComparer.Ordinal);
            if (!expected.SequenceEqual(found))
                wrong.Add($"{quantization}: expected {string.Join(", ", expected)}, found {string.Join(", ", found)}");
        }
        Assert.True(RowDotTable.Quantizations.Length >= 30, "the table of row dots has lost types");
        Assert.Empty(wrong);
    }

    [Fact]
    public void A_types_file_uses_no_wider_instruction_set_than_its_name_says()
    {
        HashSet<string> types = [.. RowDotTable.Quantizations];
        (string Name, string Text)[] files = [.. Sources("plugins/Kernels.Cpu").Where(f => types.Contains(Lower(f.Name).Split('.')[0]))];
        Assert.True(files.Length > 2 * types.Count, "no files of types were found");
        Assert.Empty(files.Where(f => !Fits(f.Name, f.Text)).Select(f => f.Name));
    }

    [Theory]
    [InlineData("Q4_0.cs", "int Weight(byte* block, int column) => block[column];", true)]
    [InlineData("Q4_0.cs", "Vector256<byte> Weights(byte* block) => Vector256.Load(block);", false)]
    [InlineData("Q4_0.cs", "x = Sse2.UnpackLow(a, b);", false)]
    [InlineData("Q4_0.Vector128.cs", "Vector128<byte> y = Vector128.Load(block);", true)]
    [InlineData("Q4_0.Vector128.cs", "Vector256<byte> y = Vector256.Load(block);", false)]
    [InlineData("Q4_0.Avx2.cs", "Vector256<byte> Weights(byte* block) => Vector256.Load(block);", true)]
    [InlineData("Q4_0.Avx2.cs", "int Weight(byte* block, int column) => block[column];", false)]
    [InlineData("F16.Avx2.cs", "Vector256<float> y; Vector512<float> z;", false)]
    [InlineData("F16.Avx512.cs", "Vector512<float> Load16(byte* address);", true)]
    [InlineData("F16.Avx512.cs", "Vector256<float> Load8(byte* address);", false)]
    public void The_rule_tells_a_set_s_text_from_others(string name, string text, bool fits) => Assert.Equal(fits, Fits(name, text));

    [Fact]
    public void Every_ggml_type_has_one_file_that_says_its_id()
    {
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(Shared.RepositoryRoot, "plugins/Quant.Ggml/plugin.json")));
        string[] ids = [.. manifest.RootElement.GetProperty("provides").EnumerateArray().Select(p => p.GetProperty("name").GetString()!)];
        (string Name, string Text)[] files = Sources("plugins/Quant.Ggml");
        Assert.True(ids.Length >= 30, "the manifest has lost types");
        foreach (string id in ids)
            Assert.Equal($"{id}.cs", Assert.Single(files.Where(f => f.Text.Contains($"\"{id}\"", StringComparison.Ordinal)).Select(f => Lower(f.Name))));
    }

    /// <summary>Whether a file's text is of the instruction set that its name says.</summary>
    private static bool Fits(string name, string text) => Lower(name).Split('.') switch
    {
        [_, "avx512", _] => text.Contains("Vector512", StringComparison.Ordinal),
        [_, "avx2", _] => text.Contains("Vector256", StringComparison.Ordinal) && !Wide512().IsMatch(text),
        [_, "vector128", _] => text.Contains("Vector128", StringComparison.Ordinal) && !Wide256().IsMatch(text) && !Wide512().IsMatch(text),
        _ => !Wide256().IsMatch(text) && !Wide512().IsMatch(text),
    };

    /// <summary>From nothing to all; what a processor has does not matter for what the table says.</summary>
    private static IEnumerable<CpuIsa> Sets() => [CpuIsa.Scalar, new(Avx2: false, AvxVnni: false, Avx512: false, Vector128: true), new(Avx2: true, AvxVnni: false, Avx512: false), new(Avx2: true, AvxVnni: true, Avx512: false), new(Avx2: true, AvxVnni: true, Avx512: true, Avx512Vbmi: true)];

    private static string InstructionSet(string quantization, CpuIsa isa)
    {
        Assert.True(RowDotTable.TryGet(quantization, isa, out RowDotKernel kernel), $"{quantization} has no kernel for {isa.Name}");
        return kernel.InstructionSet;
    }

    // The byte dot product of VNNI belongs to no type: all of a type's own is AVX2.
    private static string Suffix(string instructionSet) => instructionSet switch
    {
        "scalar" => "",
        "avx2" or "avx2-vnni" => ".avx2",
        _ => $".{instructionSet}",
    };

    private static string Lower(string name) => name.ToLowerInvariant();

    private static (string Name, string Text)[] Sources(string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(Shared.RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(f => (Path.GetFileName(f), Comment().Replace(File.ReadAllText(f), "")))];

    [GeneratedRegex(@"\bstruct\s+([A-Z]\w*)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\b(?:Vector256|Avx\w*|Sse\w*|Ssse3|Fma|X86)\b")]
    private static partial Regex Wide256();

    [GeneratedRegex(@"\b(?:Vector512|Avx512\w*)\b")]
    private static partial Regex Wide512();

    [GeneratedRegex(@"//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();
}
