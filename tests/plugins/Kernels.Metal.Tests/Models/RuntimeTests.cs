using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Tests.Kernels;
using Tessera.MetalEmulator;

namespace Tessera.Kernels.Metal.Tests.Models;

/// <summary>The host side: devices, mapped weights, command buffers and errors.</summary>
public sealed unsafe class RuntimeTests
{
    private const int Vocabulary = 40, Width = 256;

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void The_default_device_is_taken_or_the_first_of_all(bool hasDefault, bool listed)
    {
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { HasDefaultDevice = hasDefault, ListsDevice = listed });
        using MetalDevice? device = MetalDevice.TryOpen();
        Assert.NotNull(device);
        Assert.True(device.HasMatrices);
    }

    [Fact]
    public void Without_a_device_every_graph_is_refused_with_the_reason()
    {
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { HasDefaultDevice = false, ListsDevice = false });
        using MetalBackend backend = new(NullLogger.Instance);
        using Small small = new("f32", isMapped: false);
        Assert.Equal("metal: unavailable: no Metal device", Assert.Throws<UnsupportedModelException>(() => backend.Build(small.Request())).Message);
    }

    [Theory]
    [InlineData("q4_k", true, "mapped")]
    [InlineData("q4_k", false, "copied: its file is not mapped")]
    [InlineData("iq2_xxs", true, "transcoded from iq2_xxs at load, which has no Metal kernel")]
    public void Explain_says_how_a_weight_came_to_the_device_and_a_step_is_one_command_buffer(string type, bool isMapped, string how)
    {
        using EmulatorSession session = Emulator.Begin();
        using MetalBackend backend = new(NullLogger.Instance);
        using Small small = new(type, isMapped);
        using IModelRuntime runtime = backend.Build(small.Request());
        Assert.All(runtime.Explain().Where(l => l.StartsWith('w')), l => Assert.Contains(how, l, StringComparison.Ordinal));
        Assert.Contains(runtime.Explain(), l => l.StartsWith("w [", StringComparison.Ordinal));
        long before = session.Count("command-buffers");
        float[] logits = small.Logits(runtime);
        Assert.Equal(before + 1, session.Count("command-buffers"));
        double[] expected = small.Matrix.Times(small.Matrix.Values[(3 * Width)..(4 * Width)]);
        Assert.InRange(Numbers.Relative(expected, logits), 0, 1e-6);
    }

    [Theory]
    [InlineData(8, typeof(DeviceMemoryException))]
    [InlineData(11, typeof(DeviceLostException))]
    [InlineData(3, typeof(DeviceFaultException))]
    public void A_failed_command_buffer_is_a_typed_error_and_leaves_the_runtime_faulted(int code, Type error)
    {
        using EmulatorSession session = Emulator.Begin();
        using MetalBackend backend = new(NullLogger.Instance);
        using Small small = new("f32", isMapped: false);
        using IModelRuntime runtime = backend.Build(small.Request());
        session.FailNextCommand(code);
        Assert.Equal(error, Assert.ThrowsAny<TesseraException>(() => small.Logits(runtime)).GetType());
        Assert.Contains("cannot be used again", Assert.Throws<TesseraException>(() => small.Logits(runtime)).Message, StringComparison.Ordinal);
        session.TakeFindings();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    public void More_best_tokens_than_are_chosen_are_refused(int count)
    {
        using EmulatorSession session = Emulator.Begin();
        using MetalBackend backend = new(NullLogger.Instance);
        using Small small = new("f32", isMapped: false);
        using IModelRuntime runtime = backend.Build(small.Request());
        Assert.Equal($"batch: row 0: expected 1 to 64 best tokens, found {count}", Assert.Throws<TesseraException>(() => small.Logits(runtime, count)).Message);
    }

    [Fact]
    public void A_buffer_that_does_not_fit_is_a_typed_error()
    {
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { MemoryLimit = 1 << 16 });
        using MetalBackend backend = new(NullLogger.Instance);
        using Small small = new("f32", isMapped: false);
        Assert.Throws<DeviceMemoryException>(() => backend.Build(small.Request(maxOutputs: 4096)));
    }

    /// <summary>A look-up and a head over one matrix.</summary>
    private sealed class Small : IDisposable
    {
        private readonly PageFile _file;
        private readonly InlineWorkTeam _team = new();
        private readonly RuntimeLimits _limits = new() { MaxRows = 4, MaxOutputs = 4, MaxSequences = 1, MaxContext = 16, Activations = ActivationPrecision.Float32 };
        private readonly ModelGraph _graph;
        private readonly Batch _batch;

        public Small(string type, bool isMapped)
        {
            Matrix = new Matrix(type, Vocabulary, Width, seed: 1);
            _file = new PageFile(Matrix.Bytes, isMapped ? 0 : 64);
            WeightTensor w = new() { Name = "w", Shape = [Vocabulary, Width], Quantization = type, Parts = [new WeightPart("data", _file, 0, _file.Length)] };
            GraphValue x = new(0, "x", Width), y = new(1, "y", Vocabulary);
            _graph = new ModelGraph { Nodes = [new EmbedNode("embed", x, w), new LmHeadNode("head", x, y, w)], CacheGroups = [], VocabularySize = Vocabulary, Hidden = x, Logits = y };
            _batch = new Batch(_limits, 0);
        }

        public Matrix Matrix { get; }

        public BackendRequest Request(int? maxOutputs = null) =>
            new() { Graph = _graph, Limits = _limits with { MaxOutputs = maxOutputs ?? _limits.MaxOutputs }, Team = _team, Quantizations = Matrix.Quantizations(), KvBudget = new FixedBudget() };

        public float[] Logits(IModelRuntime runtime, int best = 2)
        {
            _batch.Clear();
            _batch.Add(3, 0, 0, 0, RowOutputs.Logits | RowOutputs.Hidden | RowOutputs.Best);
            _batch.BestCounts[0] = best;
            runtime.Submit(_batch);
            Assert.True(runtime.Wait());
            Assert.Equal(Matrix.Values[3 * Width], runtime.Hidden(0)[0], 1e-3f);
            float[] logits = new ReadOnlySpan<float>(runtime.Logits(0), Vocabulary).ToArray();
            Assert.Equal(logits.OrderDescending().Take(best), ((IChoosingRuntime)runtime).Best(0).ToArray().Select(b => b.Logit));
            return logits;
        }

        public void Dispose()
        {
            _batch.Dispose();
            _team.Dispose();
            _file.Dispose();
        }
    }

    /// <summary>A file in memory as a mapping has it: from a page on, with the last page's rest; or so many bytes behind a page's beginning.</summary>
    private sealed class PageFile : IModelFile, IDisposable
    {
        private readonly byte* _pages;
        private readonly int _behind;

        public PageFile(byte[] bytes, int behind)
        {
            nuint page = (nuint)Environment.SystemPageSize;
            _behind = behind;
            _pages = (byte*)NativeMemory.AlignedAlloc(((nuint)bytes.Length + (nuint)behind + page - 1) / page * page, page);
            Length = bytes.Length;
            bytes.CopyTo(new Span<byte>(Data, bytes.Length));
        }

        public string Name => "w";

        public long Length { get; }

        public byte* Data => _pages + _behind;

        public void Dispose() => NativeMemory.AlignedFree(_pages);
    }
}
