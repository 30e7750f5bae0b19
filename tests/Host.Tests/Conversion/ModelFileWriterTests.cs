using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Host.Compute;
using Tessera.Host.Configuration;
using Tessera.Host.Conversion;
using Tessera.Host.Models;
using Tessera.Host.Plugins;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Conversion;

/// <summary>A plan carried out over several lanes: values are moved, added and placed as it says.</summary>
public sealed class ModelFileWriterTests : IAsyncDisposable
{
    private const int Rows = 256, Columns = 128;

    private readonly TemporaryFolder _folder = new();
    private readonly PluginHost _plugins;
    private readonly WorkTeam _team = new(3);
    private readonly OpenModel _open;

    public ModelFileWriterTests()
    {
        string model = _folder.Write("chain.gguf", ChainModel.Bytes());
        HostConfiguration configuration = new ConfigurationLoader { Environment = new Dictionary<string, string>() }.Load(_folder.Write("host.yaml", TestServer.Yaml(model)));
        _plugins = PluginHost.Load(configuration.Plugins, TrustedFiles.Read(TestServer.Executable), NullLoggerFactory.Instance);
        _open = OpenModel.Open(model, _plugins, mmap: true);
    }

    public async ValueTask DisposeAsync()
    {
        _open.Dispose();
        _team.Dispose();
        await _plugins.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void Rows_columns_addends_stacks_and_computed_values_are_written()
    {
        WeightTensor first = Weight("blk.0.ffn_gate.weight"), second = Weight("blk.1.ffn_gate.weight"), vector = Weight("output_norm.weight");
        WeightTensor stack = new() { Name = "both", Shape = [2, Rows, Columns], Quantization = "f32", Parts = [.. first.Parts, .. second.Parts], Stack = [first, second] };
        int[] even = [.. Enumerable.Range(0, Rows / 2).Select(i => 2 * i)], turned = [.. Enumerable.Range(0, Columns).Reverse()];
        List<WrittenTensor> tensors = [];
        long offset = 64;
        Add("copy", [Rows, Columns], first);
        Add("stack", [2, Rows, Columns], stack);
        Add("even", [2, Rows / 2, Columns], stack, rows: even, addend: 1);
        Add("turned", [Columns], vector, columns: turned);
        Add("of rows", [2, Rows, Columns], stack, columns: turned);
        tensors.Add(new() { Name = "computed", Shape = [3], Quantization = "f32", Offset = offset, Length = 12, Values = [1, 2, 3] });
        WritePlan plan = new() { FileType = "F32", Architecture = "llama", Header = new byte[] { 7, 7 }, Tensors = tensors, Length = offset + 64 };
        string path = Path.Combine(_folder.Path, "out.gguf");
        List<(long Done, long Total)> progress = [];
        ModelFileWriter.Write(_open, plan, path, _team, (_, done, total) => progress.Add((done, total)), CancellationToken.None);

        byte[] file = File.ReadAllBytes(path);
        Assert.Equal(plan.Length, file.Length);
        Assert.Equal([7, 7, 0], file[..3]);
        float[] a = Values(first), b = Values(second), both = [.. a, .. b];
        Assert.Equal(a, Written("copy"));
        Assert.Equal(both, Written("stack"));
        Assert.Equal(both.Chunk(2 * Columns).SelectMany(pair => pair[..Columns]).Select(v => v + 1), Written("even"));
        Assert.Equal(Values(vector).Reverse(), Written("turned"));
        Assert.Equal(both.Chunk(Columns).SelectMany(row => row.Reverse()), Written("of rows"));
        Assert.Equal([1, 2, 3], Written("computed"));
        Assert.Equal(progress[0].Total, progress[^1].Done);
        Assert.Equal(progress.Select(p => p.Done).Order(), progress.Select(p => p.Done));

        void Add(string name, long[] shape, WeightTensor source, int[]? rows = null, int[]? columns = null, float addend = 0)
        {
            long length = shape.Aggregate(4L, (x, y) => x * y);
            tensors.Add(new() { Name = name, Shape = shape, Quantization = "f32", Offset = offset, Length = length, Source = source, Rows = rows, Columns = columns, Addend = addend });
            offset += length + 32;
        }

        float[] Written(string name)
        {
            WrittenTensor tensor = tensors.Single(t => t.Name == name);
            return MemoryMarshal.Cast<byte, float>(file.AsSpan((int)tensor.Offset, (int)tensor.Length)).ToArray();
        }
    }

    [Fact]
    public void A_stopped_writing_leaves_nothing()
    {
        string path = Path.Combine(_folder.Path, "out.gguf");
        WritePlan plan = ModelFileWriter.Plan(_open, path, "Q8_0");
        using CancellationTokenSource source = new();
        Assert.ThrowsAny<OperationCanceledException>(() => ModelFileWriter.Write(_open, plan, path, _team, (_, _, _) => source.Cancel(), source.Token));
        Assert.Equal(["chain.gguf", "host.yaml"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Files_beside_the_target_are_left_alone()
    {
        string path = Path.Combine(_folder.Path, "out.gguf"), mine = _folder.Write("out.gguf.part", "mine"), folder = Path.Combine(_folder.Path, "two.gguf.part");
        Directory.CreateDirectory(folder);
        WritePlan plan = ModelFileWriter.Plan(_open, path, "Q8_0");
        using CancellationTokenSource source = new();
        Assert.ThrowsAny<OperationCanceledException>(() => ModelFileWriter.Write(_open, plan, path, _team, (_, _, _) => source.Cancel(), source.Token));
        Assert.Equal("mine", File.ReadAllText(mine));
        foreach (string name in (string[])["out.gguf", "two.gguf"])
            ModelFileWriter.Write(_open, plan, Path.Combine(_folder.Path, name), _team, (_, _, _) => { }, CancellationToken.None);
        Assert.Equal("mine", File.ReadAllText(mine));
        Assert.Equal(["chain.gguf", "host.yaml", "out.gguf", "out.gguf.part", "two.gguf"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.True(Directory.Exists(folder));
    }

    [Fact]
    public void Types_that_no_plugin_writes_and_lengths_that_do_not_fit_are_refused_before_a_file_is_there()
    {
        WeightTensor weight = Weight("blk.0.ffn_gate.weight");
        Refuses<UnsupportedModelException>("acme4", Rows * Columns, "'gate'", "'acme4'");
        Refuses<ModelFormatException>("q8_0", 1, "'gate'", "34816 bytes", "room for 1");
        Assert.Equal(["chain.gguf", "host.yaml"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());

        void Refuses<T>(string type, long length, params string[] named) where T : TesseraException
        {
            WritePlan plan = new() { FileType = "", Architecture = "", Header = new byte[1], Length = 1 << 20, Tensors = [new() { Name = "gate", Shape = weight.Shape, Quantization = type, Offset = 32, Length = length, Source = weight }] };
            T error = Assert.Throws<T>(() => ModelFileWriter.Write(_open, plan, Path.Combine(_folder.Path, "out.gguf"), _team, (_, _, _) => { }, CancellationToken.None));
            Assert.All(named, n => Assert.Contains(n, error.Message, StringComparison.Ordinal));
        }
    }

    private WeightTensor Weight(string name) => _open.Source.Tensors.Single(t => t.Name == name);

    private float[] Values(WeightTensor weight)
    {
        float[] values = new float[weight.Rows * weight.Columns];
        _open.Quantization(weight).Dequantize(weight, 0, (int)weight.Rows, values);
        return values;
    }
}
