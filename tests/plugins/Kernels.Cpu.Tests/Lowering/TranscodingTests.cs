using Microsoft.Extensions.DependencyInjection;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Interpreter;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Transcoding;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.Plan;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tests.Linear;
using Tessera.Kernels.Cpu.Tests.Linear.Transcoding;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Tests.Lowering;

/// <summary>With the option <c>transcode</c>, types that a plugin only unpacks run through kernels of a type of the file's; without it they are read as they are stored.</summary>
public sealed unsafe class TranscodingTests
{
    [Fact]
    public void A_model_of_a_foreign_type_is_written_anew_where_that_is_asked_for()
    {
        CountingType type = new(32);
        using RandomModel model = new(new ModelShape { Type = type.Id }, Quantizations.With(type));
        int[] tokens = model.Tokens(30);
        RuntimeLimits limits = Session.Limits(ActivationPrecision.Fast);
        using Session reference = new(model.Graph, model.Registry, backend: new ReferenceBackend()), stored = new(model.Graph, model.Registry, limits);
        using Session anew = new(model.Graph, model.Registry, limits, lanes: 2, backend: new CpuBackend(CpuIsa.Detect(), transcode: true));
        type.Clear();
        float[][] expected = reference.Feed(0, tokens, 30), found = anew.Feed(0, tokens, 30);
        (double largest, double mean) = Difference.Relative(expected, found);
        Assert.True(largest <= 0.2 && mean <= 0.05, $"largest {largest:E2}, mean {mean:E2}");
        // The plugin is not asked again.
        Assert.Equal(new int[64], type.Reads("blk.0.attn_q.weight", 64));
        Assert.Single(anew.Runtime.Explain(), l => l.StartsWith("blk.0.attn_q.weight [64, 64] counting: written anew at load as q8_0, own kernel (", StringComparison.Ordinal));
        Assert.Single(stored.Runtime.Explain(), l => l.StartsWith("blk.0.attn_q.weight [64, 64] counting: unpacked to bytes by its plugin", StringComparison.Ordinal) && !l.Contains("anew", StringComparison.Ordinal));
        Assert.True(anew.Runtime.ScratchBytes > stored.Runtime.ScratchBytes + 2 * 64 * 96, "what was written is not counted");
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("off", false)]
    [InlineData("on", true)]
    public void The_plugins_option_asks_for_it(string? option, bool anew)
    {
        ServiceCollection services = new();
        new KernelsCpuPlugin().Configure(services, option is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["transcode"] = option });
        using ServiceProvider provider = services.BuildServiceProvider();
        CountingType type = new(32);
        using RandomModel model = new(new ModelShape { Type = type.Id }, Quantizations.With(type));
        using Session session = new(model.Graph, model.Registry, Session.Limits(ActivationPrecision.Fast), backend: provider.GetRequiredService<IKernelBackend>());
        Assert.Equal(anew, session.Runtime.Explain().Any(l => l.Contains("written anew", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_option_that_is_none_names_itself() =>
        Assert.Equal("kernels.cpu.transcode: expected off or on, found 'yes'", Assert.Throws<TesseraException>(() => new KernelsCpuPlugin().Configure(new ServiceCollection(), new Dictionary<string, string> { ["transcode"] = "yes" })).Message);

    [Fact]
    public void The_reference_path_reads_what_is_stored()
    {
        CountingType type = new(32);
        using RandomModel model = new(new ModelShape { Type = type.Id }, Quantizations.With(type));
        using Session exact = new(model.Graph, model.Registry, backend: new CpuBackend(CpuIsa.Detect(), transcode: true));
        Assert.DoesNotContain(exact.Runtime.Explain(), l => l.Contains("anew", StringComparison.Ordinal));
    }

    [Fact]
    public void What_no_type_holds_runs_as_it_is_stored_and_says_so()
    {
        CountingType type = new(16);
        using RandomModel model = new(new ModelShape { Type = type.Id }, Quantizations.With(type));
        using Session session = new(model.Graph, model.Registry, Session.Limits(ActivationPrecision.Fast), backend: new CpuBackend(CpuIsa.Detect(), transcode: true));
        Assert.Single(session.Runtime.Explain(), l => l.StartsWith("blk.0.attn_q.weight [64, 64] counting: unpacked to bytes by its plugin", StringComparison.Ordinal) && l.EndsWith("; not written anew: groups of 16 columns", StringComparison.Ordinal));
    }

    /// <summary>What a plugin unpacks in an order of its own keeps that order, and its activations come in it.</summary>
    [Fact]
    public void Columns_in_an_order_of_their_own_meet_their_activations()
    {
        const int Rows = 40, Columns = 128;
        using MemoryFile file = new("a", new byte[64]);
        WeightTensor weight = file.Tensor("ordered", "ordered", Rows, Columns);
        Backwards type = new();
        float[] x = PackedProducts.Activations(Columns);
        (float[] stored, string storedAs) = Multiply(null);
        using InlineWorkTeam team = new(1);
        using NativeArena arena = new();
        (float[] anew, string anewAs) = Multiply(new Transcoder(team, arena));
        Assert.Contains("unpacked to bytes by its plugin", storedAs, StringComparison.Ordinal);
        Assert.Contains("written anew at load as q4_0", anewAs, StringComparison.Ordinal);
        Assert.All([storedAs, anewAs], how => Assert.EndsWith("activations int8 by 32 in the order of the groups", how, StringComparison.Ordinal));
        float[] row = new float[Columns];
        for (int i = 0; i < Rows; i++)
        {
            type.Dequantize(weight, i, 1, row);
            double expected = row.Zip(x, (w, a) => (double)w * a).Sum(), size = row.Zip(x, (w, a) => (double)Math.Abs(w * a)).Sum();
            Assert.True(Math.Abs(stored[i] - expected) <= 0.01 * size && Math.Abs(anew[i] - expected) <= 0.01 * size, $"row {i}: {expected} expected, {stored[i]} as stored, {anew[i]} anew");
        }

        (float[] Products, string How) Multiply(Transcoder? transcoder)
        {
            CpuIsa isa = CpuIsa.Detect();
            using NativeTiles tiles = new([], isa);
            using NativeRowDots dots = new([], isa);
            List<string> said = [];
            GraphValue input = new(1, "x", Columns);
            LinearKernel kernel = new KernelChoice(Quantizations.With(type), ActivationPrecision.Fast, isa, tiles, dots, said, transcoder).Choose(new LinearNode("linear", input, new GraphValue(2, "y", Rows), weight), weight, ProductInput.Norm);
            return (PackedProducts.Multiply(kernel, x, Rows), said[^1]);
        }
    }

    /// <summary>Only a norm's outputs have the second byte that q4_0's own files have there.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_norms_give_has_a_second_byte_as_in_a_file_of_the_type(bool isNorm)
    {
        using MemoryFile file = new("a", new byte[64]);
        WeightTensor weight = file.Tensor("made", "grouped", 8, 64);
        CpuIsa isa = CpuIsa.Detect();
        using InlineWorkTeam team = new(1);
        using NativeArena arena = new();
        using NativeTiles tiles = new([], isa);
        using NativeRowDots dots = new([], isa);
        List<string> said = [];
        GroupedType type = new() { MaxValue = 7, Value = place => (int)(place % 8) };
        LinearNode node = new("linear", new GraphValue(1, "x", 64), new GraphValue(2, "y", 8), weight);
        new KernelChoice(Quantizations.With(type), ActivationPrecision.Fast, isa, tiles, dots, said, new Transcoder(team, arena)).Choose(node, weight, isNorm ? ProductInput.Norm : ProductInput.Other);
        Assert.EndsWith(isNorm ? "activations int8 by 32, a second byte for the 1 with the largest scale" : "activations int8 by 32", Assert.Single(said), StringComparison.Ordinal);
    }

    /// <summary>Experts share their prepared rows, so all of them are written anew, as one type, or none.</summary>
    [Theory]
    [InlineData(4f, 4f, 2, "written anew at load as q4_0", "by 32")]
    [InlineData(4f, 3.5f, 0, "unpacked to bytes by its plugin", "; not written anew: not all of them can be, as one type")]
    [InlineData(4f, 0.30001f, 0, "unpacked to bytes by its plugin", "; not written anew: not all of them can be, as one type")]
    [InlineData(0.30001f, 4f, 0, "unpacked to bytes by its plugin", "; not written anew: not all of them can be, as one type")]
    [InlineData(0.30001f, 0.30001f, 0, "unpacked to bytes by its plugin", "; not written anew: no type of blocks holds its weights as they are")]
    public void Experts_are_all_of_one_kind(float first, float second, int count, string how, string why)
    {
        using MemoryFile a = new("a", new byte[64]), b = new("b", new byte[64]);
        WeightTensor[] experts = [a.Tensor("first", "grouped", 8, 64), b.Tensor("second", "grouped", 8, 64)];
        WeightTensor stack = new() { Name = "stack", Shape = [2, 8, 64], Quantization = "grouped", Parts = [.. experts.SelectMany(e => e.Parts)], Stack = experts };
        GraphValue x = new(1, "x", 64), router = new(2, "router", 2), output = new(3, "out", 64);
        MixtureOfExpertsNode node = new("experts", x, router, output, stack, stack, stack, new ExpertRouting(1, ExpertScoring.Softmax), Activation.Silu);
        CpuIsa isa = CpuIsa.Detect();
        using InlineWorkTeam team = new(1);
        using NativeArena arena = new();
        using NativeTiles tiles = new([], isa);
        using NativeRowDots dots = new([], isa);
        Transcoder transcoder = new(team, arena);
        List<string> said = [];
        Zeros types = new(first, second);
        LinearKernel kernel = new KernelChoice(Quantizations.With(types), ActivationPrecision.Fast, isa, tiles, dots, said, transcoder).Choose(node, stack);
        Assert.IsType<StackedLinear>(kernel);
        Assert.Equal((count, count > 0), (transcoder.Count, arena.Bytes > 0));
        string line = Assert.Single(said);
        Assert.StartsWith($"first [8, 64] grouped, and 1 more alike: {how}", line, StringComparison.Ordinal);
        Assert.EndsWith(why, line, StringComparison.Ordinal);
    }

    /// <summary>Sample3-like weights whose columns are grouped from the last to the first.</summary>
    private sealed class Backwards : IQuantization, IOrderedUnpack
    {
        public string Id => "ordered";

        public int BlockSize => 32;

        public int GroupSize => 32;

        public int MaxValue => 7;

        public void Validate(WeightTensor weight)
        {
        }

        public bool CanUnpack(WeightTensor weight) => false;

        public bool TryOrder(WeightTensor weight, Span<int> order)
        {
            for (int i = 0; i < order.Length; i++)
                order[i] = order.Length - 1 - i;
            return true;
        }

        public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
        {
            for (int i = 0; i < destination.Length; i++)
                destination[i] = Scale((weight.Columns - 1 - i % weight.Columns) / 32) * (Value(firstRow + i / weight.Columns, i % weight.Columns) - 4);
        }

        public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums) => throw new InvalidOperationException("without its order");

        public void Unpack(WeightTensor weight, int* order, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
        {
            long columns = weight.Columns;
            for (long i = 0; i < rowCount * columns; i++)
                values[i] = (byte)Value(firstRow + i / columns, order[i % columns]);
            for (long g = 0; g < rowCount * columns / 32; g++)
                (scales[g], minimums[g]) = (Scale(g % (columns / 32)), 4 * Scale(g % (columns / 32)));
        }

        private static int Value(long row, long column) => (int)((row * 5 + column * column) % 8);

        private static float Scale(long group) => 0.5f + group;
    }

    /// <summary>Each of two experts has a minimum of its own.</summary>
    private sealed class Zeros(float first, float second) : IQuantization, IAffineUnpack
    {
        private readonly GroupedType _first = Of(first), _second = Of(second);

        public string Id => "grouped";

        public int BlockSize => 32;

        public int GroupSize => 32;

        public int MaxValue => 7;

        public void Validate(WeightTensor weight)
        {
        }

        public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination) => TypeOf(weight).Dequantize(weight, firstRow, rowCount, destination);

        public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums) => TypeOf(weight).Unpack(weight, firstRow, rowCount, values, scales, minimums);

        private static GroupedType Of(float minimum) => new() { MaxValue = 7, Value = place => (int)(place % 8), Group = _ => (1, minimum) };

        private GroupedType TypeOf(WeightTensor weight) => weight.Name == "first" ? _first : _second;
    }
}
