using System.Text;
using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Golden;

namespace Tessera.Conformance.Tests.Golden;

public sealed class GoldenTests : IDisposable
{
    private readonly string _package = Directory.CreateTempSubdirectory("tessera-golden-").FullName;

    public void Dispose() => Directory.Delete(_package, recursive: true);

    [Fact]
    public void A_package_without_the_folder_has_no_samples() => Assert.Empty(GoldenFolder.Read(_package).Samples);

    [Theory]
    [InlineData("{", "golden/x.json: ")]
    [InlineData("null", "golden/x.json: expected an object, found null")]
    [InlineData("""{"kind": "IMagic", "name": "x"}""", "golden/x.json: ")]
    [InlineData("""{"name": "x"}""", "golden/x.json: ")]
    [InlineData("""{"kind": "ITokenizerFactory", "name": "x", "assets": {"model": "x"}}""", "texts")]
    [InlineData("""{"kind": "ITokenizerFactory", "name": "x", "assets": {"model": "x"}, "texts": [], "more": 1}""", "more")]
    public void What_is_no_sample_is_refused_by_name(string json, string says)
    {
        Write("x.json", json);
        string message = Assert.Throws<PluginException>(() => GoldenFolder.Read(_package)).Message;
        Assert.StartsWith("golden/x.json: ", message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"text": "ab", "ids": [97, 98]}""", null)]
    [InlineData("""{"text": "ab", "addSpecial": true, "ids": [256, 97, 98]}""", null)]
    [InlineData("""{"text": "a</s>", "parseSpecial": true, "ids": [97, 257], "decoded": "a"}""", null)]
    [InlineData("""{"text": "ab", "ids": [97]}""", "'ab' becomes [97, 98], expected [97]")]
    [InlineData("""{"text": "ab", "ids": [97, 98], "decoded": "a"}""", "the ids of 'ab' become 'ab' again, expected 'a'")]
    public void A_tokenizer_is_held_to_its_texts(string text, string? problem)
    {
        Write("t.json", $$"""{"kind": "ITokenizerFactory", "name": "bytes", "assets": {"model": "bytes"}, "texts": [{{text}}]}""");
        Assert.Equal(problem, Sample().Problem(new PluginParts { TokenizerFactories = [new Bytes()] }));
        Assert.Equal("no factory of the plugin can create a tokenizer of kind 'bytes'", Sample().Problem(new PluginParts()));
    }

    [Theory]
    [InlineData("0000803f000000c0", "[1, -2]", null)]
    [InlineData("0000803f000000c0", "[1, -3]", "element 1 is -2, expected -3")]
    [InlineData("0000803f000000c0", "[1]", "the sample has 1 values for the shape [1, 2]")]
    [InlineData("xx", "[1, -2]", "the sample's parts are not hexadecimal")]
    public void A_quantization_is_held_to_its_values(string data, string values, string? problem)
    {
        Write("q.json", $$"""{"kind": "IQuantization", "name": "f32", "shape": [1, 2], "parts": {"data": "{{data}}"}, "values": {{values}}}""");
        string? found = Sample().Problem(new PluginParts { Quantizations = [new F32()] });
        Assert.StartsWith(problem ?? "none", found ?? "none", StringComparison.Ordinal);
        Assert.Equal(problem is null, found is null);
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, "line.txt, cut after 4 of 8 bytes: InvalidOperationException: oops")]
    public void A_format_is_held_to_its_model_and_must_refuse_half_a_file(bool careless, string? problem)
    {
        WriteLine("12345678", "12345678");
        string? found = Sample().Problem(new PluginParts { Formats = [new Line(careless)] });
        Assert.StartsWith(problem ?? "none", found ?? "none", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("12345678", "1234567x", "tensor 'line': its bytes have SHA-256")]
    [InlineData("xxxxxxxx", "xxxxxxxx", "Probe says that line.txt is not its own")]
    public void A_format_that_reads_something_else_is_told_what(string file, string expected, string problem)
    {
        WriteLine(file, expected);
        Assert.StartsWith(problem, Sample().Problem(new PluginParts { Formats = [new Line(careless: false)] }), StringComparison.Ordinal);
    }

    [Fact]
    public void Formats_kinds_of_tokenizers_and_what_cannot_quantize_need_a_sample()
    {
        PluginParts parts = new() { Formats = [new Line(careless: false)], TokenizerKinds = ["bytes"], Quantizations = [new F32(), new Reader(unpacked: 0, dot: 0)] };
        Assert.Equal(["format 'line'", "tokenizer 'bytes'", "quantization 'reader'"], PluginCheck.Of(parts, GoldenFolder.Read(_package)).Where(c => c.Problem() is { } p && p.Contains("no sample", StringComparison.Ordinal)).Select(c => c.Title));
    }

    [Theory]
    [InlineData(0, 0, null)]
    [InlineData(1, 0, "unpacked, element 0 is 2; dequantized, 1")]
    [InlineData(0, 1, "the dot product of row 0 is")]
    public void The_abilities_of_a_quantization_are_held_to_its_sample(int unpacked, float dot, string? problem)
    {
        string data = string.Concat(Enumerable.Range(1, 32).Select(i => $"{i:x2}"));
        Write("q.json", $$"""{"kind": "IQuantization", "name": "reader", "shape": [1, 32], "parts": {"data": "{{data}}"}, "values": [{{string.Join(", ", Enumerable.Range(1, 32))}}]}""");
        string? found = Sample().Problem(new PluginParts { Quantizations = [new Reader(unpacked, dot)] });
        Assert.StartsWith(problem ?? "none", found ?? "none", StringComparison.Ordinal);
    }

    private GoldenSample Sample() => Assert.Single(GoldenFolder.Read(_package).Samples);

    private void WriteLine(string file, string expected)
    {
        Write("line.txt", file);
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(expected)));
        Write("f.json", $$"""
            {"kind": "IWeightFormat", "name": "line", "open": "line.txt", "metadata": {"architecture": "line", "layerCount": 8},
             "tensors": [{"name": "line", "shape": [2], "quantization": "f32", "sha256": "{{hash}}"}]}
            """);
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.Combine(_package, GoldenFolder.Name));
        File.WriteAllText(Path.Combine(_package, GoldenFolder.Name, name), text);
    }

    private sealed class Bytes : ITokenizerFactory
    {
        public bool CanCreate(TokenizerAssets assets) => assets.Model == "bytes";

        public ITokenizer Create(TokenizerAssets assets) => new ByteTokenizer();
    }

    /// <summary>Bytes as they are; its abilities may be wrong.</summary>
    private sealed unsafe class Reader(int unpacked, float dot) : IQuantization, IAffineUnpack, IRowDot
    {
        public string Id => "reader";

        public int BlockSize => 32;

        public int GroupSize => 32;

        public int MaxValue => 255;

        public void Validate(WeightTensor weight) { }

        public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
        {
            for (int i = 0; i < destination.Length; i++)
                destination[i] = weight.Parts[0].Data[firstRow * weight.Columns + i];
        }

        public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
        {
            for (int i = 0; i < rowCount * weight.Columns; i++)
                values[i] = (byte)(weight.Parts[0].Data[firstRow * weight.Columns + i] + unpacked);
            for (int i = 0; i < rowCount * weight.Columns / GroupSize; i++)
                (scales[i], minimums[i]) = (1, 0);
        }

        public int PreparedBytes(int columns) => columns * sizeof(float);

        public void Prepare(float* activations, int columns, byte* prepared) => new ReadOnlySpan<float>(activations, columns).CopyTo(new Span<float>(prepared, columns));

        public void Dot(WeightTensor weight, long firstRow, int rowCount, byte* prepared, float* result)
        {
            for (int row = 0; row < rowCount; row++)
            {
                result[row] = 0;
                for (int i = 0; i < weight.Columns; i++)
                    result[row] += weight.Parts[0].Data[(firstRow + row) * weight.Columns + i] * ((float*)prepared)[i] * (1 + dot);
            }
        }
    }

    /// <summary>Files of eight characters, digits first.</summary>
    private sealed class Line(bool careless) : IWeightFormat
    {
        public string Name => "line";

        public bool Probe(ReadOnlySpan<byte> header, string fileName) => header.StartsWith("1"u8);

        public ModelSource Open(IModelFiles files)
        {
            IModelFile file = files.TryOpen(files.Name)!;
            if (file.Length != 8)
                throw careless ? new InvalidOperationException("oops") : new ModelFormatException("line: expected 8 bytes");
            return new ModelSource
            {
                Format = Name,
                Metadata = new ModelMetadata { Architecture = "line", LayerCount = 8 },
                Tensors = [new WeightTensor { Name = "line", Shape = [2], Quantization = "f32", Parts = [new WeightPart("data", file, 0, 8)] }],
            };
        }
    }
}
