using System.Runtime.InteropServices;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Metal.Tests.Kernels;

namespace Tessera.Kernels.Metal.Tests.Models;

/// <summary>A look-up and a head over one matrix.</summary>
internal sealed unsafe class SmallModel : IDisposable
{
    private const int Vocabulary = 40, Width = 256;
    private readonly PageFile _file;
    private readonly InlineWorkTeam _team = new();
    private readonly RuntimeLimits _limits;
    private readonly ModelGraph _graph;
    private readonly Batch _batch;

    /// <param name="type">The matrix's type.</param>
    /// <param name="isMapped">Whether its bytes begin with a page, as a mapping's do.</param>
    /// <param name="activations">What it is built for.</param>
    /// <param name="edit">Changes the matrix's bytes, or null.</param>
    public SmallModel(string type, bool isMapped, ActivationPrecision activations = ActivationPrecision.Float32, Action<byte[]>? edit = null)
    {
        _limits = new RuntimeLimits { MaxRows = 4, MaxOutputs = 4, MaxSequences = 1, MaxContext = 16, Activations = activations };
        Matrix = new Matrix(type, Vocabulary, Width, seed: 1);
        edit?.Invoke(Matrix.Bytes);
        _file = new PageFile(Matrix.Bytes, isMapped ? 0 : 64);
        WeightTensor w = new() { Name = "w", Shape = [Vocabulary, Width], Quantization = type, Parts = [new WeightPart("data", _file, 0, _file.Length)] };
        GraphValue x = new(0, "x", Width), y = new(1, "y", Vocabulary);
        _graph = new ModelGraph { Nodes = [new EmbedNode("embed", x, w), new LmHeadNode("head", x, y, w)], CacheGroups = [], VocabularySize = Vocabulary, Hidden = x, Logits = y };
        _batch = new Batch(_limits, 0);
    }

    public Matrix Matrix { get; }

    /// <param name="maxOutputs">The most outputs; null: a few.</param>
    /// <param name="types">The types that there are; null: all of <c>quant.ggml</c>.</param>
    public BackendRequest Request(int? maxOutputs = null, IQuantizationRegistry? types = null) =>
        new() { Graph = _graph, Limits = _limits with { MaxOutputs = maxOutputs ?? _limits.MaxOutputs }, Team = _team, Quantizations = types ?? Matrix.Quantizations(), KvBudget = new FixedBudget() };

    /// <summary>What is expected after the token that is submitted.</summary>
    public double[] Expected() => Matrix.Times(Matrix.Values[(3 * Width)..(4 * Width)]);

    public void Submit(IModelRuntime runtime, int best = 2)
    {
        _batch.Clear();
        _batch.Add(3, 0, 0, 0, RowOutputs.Logits | RowOutputs.Hidden | RowOutputs.Best);
        _batch.BestCounts[0] = best;
        runtime.Submit(_batch);
    }

    public float[] Logits(IModelRuntime runtime, int best = 2)
    {
        Submit(runtime, best);
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
internal sealed unsafe class PageFile : IModelFile, IDisposable
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
