using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.Conversion;

/// <summary>Quantized folders as GGUF files (../shared/fixtures/quantized-hf/README.md): their values in a type that ggml has.</summary>
public sealed class PackedConversionTests(ConversionStack stack) : IClassFixture<ConversionStack>
{
    // Of the logits' size: what bytes may lose at most, and at least, or nothing was quantized.
    private const double MostOfBytes = 0.05, LeastOfBytes = 1e-4;

    public static TheoryData<string> Names => [.. FolderGolden.Packed];

    [Fact]
    public void Every_folder_is_there()
    {
        Shared.Require("fixtures", "quantized-hf");
        FixtureCount.Print("quantized-hf", $"{FolderGolden.Packed.Count} folders written as F32 and Q8_0");
        Assert.Equal(21, FolderGolden.Packed.Count);
    }

    [Theory, MemberData(nameof(Names))]
    public void A_file_of_floats_has_the_folders_logits(string name)
    {
        FolderGolden golden = FolderGolden.RequirePacked(name);
        using TemporaryFile file = new();
        stack.Convert(golden.Path, file.Path, "F32");
        List<float[]> rows = stack.Logits(file.Path, golden);
        double largest = golden.Rows.Zip(rows).Max(r => r.First.Logits.Zip(r.Second, (e, f) => Math.Abs((double)e - f)).Max());
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {rows.Count} rows, largest difference {largest:E2} of {golden.Tolerance:E2}");
        Assert.Equal(golden.Rows.Count(), rows.Count);
        Assert.InRange(largest, 0, golden.Tolerance);
    }

    [Theory, MemberData(nameof(Names))]
    public void A_file_of_bytes_is_as_near_as_its_bits_allow(string name)
    {
        FolderGolden golden = FolderGolden.RequirePacked(name);
        using TemporaryFile file = new();
        stack.Convert(golden.Path, file.Path, "Q8_0");
        double error = 0, size = 0;
        foreach (((_, _, float[] expected), float[] found) in golden.Rows.Zip(stack.Logits(file.Path, golden)))
            for (int i = 0; i < expected.Length; i++)
                (error, size) = (error + Math.Pow((double)expected[i] - found[i], 2), size + Math.Pow(expected[i], 2));
        error = Math.Sqrt(error / size);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {error:E2} of the logits' size");
        Assert.InRange(error, LeastOfBytes, MostOfBytes);
    }

    [Theory, MemberData(nameof(Names))]
    public void Without_a_type_only_what_ggml_has_is_written(string name)
    {
        FolderGolden golden = FolderGolden.RequirePacked(name);
        using TemporaryFile file = new();
        if (name is not ("mxfp4_gptoss" or "mlx_llama_mxfp4"))
        {
            UnsupportedModelException e = Assert.Throws<UnsupportedModelException>(() => { stack.Convert(golden.Path, file.Path, null); });
            Assert.Matches("tensor '.*' is of type .*, which ggml does not have; name a --type", e.Message);
            Assert.False(File.Exists(file.Path));
            return;
        }
        // The same values in blocks of another layout.
        Assert.Contains("mxfp4", stack.Convert(golden.Path, file.Path, null).Tensors.Select(t => t.Quantization));
        double largest = golden.Rows.Zip(stack.Logits(file.Path, golden)).Max(r => r.First.Logits.Zip(r.Second, (e, f) => Math.Abs((double)e - f)).Max());
        Assert.InRange(largest, 0, golden.Tolerance);
    }
}
