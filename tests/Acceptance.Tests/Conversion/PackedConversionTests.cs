using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.Conversion;

/// <summary>Quantized folders as GGUF files (../shared/fixtures/quantized-hf/README.md): their values in a type that ggml has.</summary>
public sealed class PackedConversionTests(ConversionStack stack) : IClassFixture<ConversionStack>
{
    // A block of 32 has a scale of half precision, so that its greatest value is 127: half a step, and what the scale's own rounding moves.
    private const int Block = 32;
    private const double OfBlock = 0.5 / 127 + 1.0 / 2048;

    // Eleven bits of half precision, down to its smallest number of full precision.
    private const double OfHalf = 1.0 / 2048, LeastHalf = 1.0 / 16384;

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

    /// <summary>What a file of bytes loses is the rounding of weights to the type, of each by no more than the type allows; its logits are those of the rounded weights.</summary>
    [Theory, MemberData(nameof(Names))]
    public void A_file_of_bytes_has_the_logits_of_its_rounded_weights(string name)
    {
        FolderGolden golden = FolderGolden.RequirePacked(name);
        using TemporaryFile file = new(), rounded = new(), exact = new();
        stack.Convert(golden.Path, file.Path, "Q8_0");
        stack.Convert(file.Path, rounded.Path, "F32");
        stack.Convert(golden.Path, exact.Path, "F32");
        double ofBlock = 0, ofHalf = 0;
        foreach ((WeightTensor tensor, float[] values, float[] others) in stack.Rounded(file.Path, exact.Path))
        {
            double[] lost = [.. values.Zip(others, (v, o) => Math.Abs((double)v - o))];
            // Rows that no block of 32 divides.
            if (tensor.Quantization == "f16")
                ofHalf = Math.Max(ofHalf, Enumerable.Range(0, lost.Length).Max(i => lost[i] / Math.Max(Math.Abs(others[i]), LeastHalf)));
            else
                for (int at = 0; at < values.Length; at += Block)
                    ofBlock = Math.Max(ofBlock, lost[at..(at + Block)].Max() / Math.Max(others[at..(at + Block)].Max(Math.Abs), float.Epsilon));
            Assert.Contains(tensor.Quantization, (string[])["f16", "q8_0"]);
        }
        double largest = stack.Logits(file.Path, golden).Zip(stack.Logits(rounded.Path, golden)).Max(r => r.First.Zip(r.Second, (e, f) => Math.Abs((double)e - f)).Max());
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {ofBlock:E2} of a block's greatest value ({OfBlock:E2}), {ofHalf:E2} of a half's ({OfHalf:E2}), logits {largest:E2} of {golden.Tolerance:E2}");
        Assert.InRange(ofBlock, 0, OfBlock);
        Assert.InRange(ofHalf, 0, OfHalf);
        Assert.True(ofBlock + ofHalf > 1e-5);
        Assert.InRange(largest, 0, golden.Tolerance);
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
