using Microsoft.Extensions.DependencyInjection;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Interpreter;
using Tessera.Engine.Architectures;
using Tessera.Format.Gguf;
using Tessera.Quant.Ggml;

namespace Tessera.Conformance.Tests.TinyModels;

/// <summary>A GGUF model on the float64 interpreter, one sequence over a scattered block table.</summary>
internal sealed unsafe class TinyModel : IDisposable
{
    private readonly TestModelFiles _files;
    private readonly ServiceProvider _quantizations;
    private readonly InlineWorkTeam _team = new();
    private readonly IModelRuntime _runtime;
    private readonly Batch _batch;

    public TinyModel(string path, int contextLength)
    {
        _files = TestModelFiles.OnDisk(path);
        ModelSource source = new GgufFormat().Open(_files);
        ModelGraph graph = BuiltIn.Find(source.Metadata, BuiltIn.Architectures).Build(source, contextLength);
        VocabularySize = graph.VocabularySize;
        _quantizations = Quantizations();
        RuntimeLimits limits = new() { MaxRows = contextLength, MaxOutputs = contextLength, MaxSequences = 1, MaxContext = contextLength };
        _runtime = new ReferenceBackend().Build(new BackendRequest
        {
            Graph = graph,
            Limits = limits,
            Team = _team,
            Quantizations = new QuantizationRegistry(_quantizations.GetServices<IQuantization>()),
            KvBudget = new FixedBudget(),
        });
        _batch = new Batch(limits, graph.CacheGroups.Count);
        _batch.PlannedTokens[0] = contextLength;
        for (int g = 0; g < graph.CacheGroups.Count; g++)
        {
            Assert.True(_runtime.TryGrow(g, _batch.BlockTableLength));
            for (int i = 0; i < _batch.BlockTableLength; i++)
                _batch.BlockTable(g, 0)[i] = _batch.BlockTableLength - 1 - i;
        }
    }

    public int VocabularySize { get; }

    /// <summary>What the Quant.Ggml plugin registers.</summary>
    public static ServiceProvider Quantizations()
    {
        ServiceCollection services = new();
        new QuantGgmlPlugin().Configure(services, new Dictionary<string, string>());
        return services.BuildServiceProvider();
    }

    /// <summary>Appends rows to the sequence from a cache index on; the logits of all of them.</summary>
    public float[][] Run(int first, params ReadOnlySpan<int> tokens)
    {
        _batch.Clear();
        for (int i = 0; i < tokens.Length; i++)
            _batch.Add(tokens[i], first + i, first + i, 0, RowOutputs.Logits);
        _runtime.Submit(_batch);
        Assert.True(_runtime.Wait());
        float[][] logits = new float[tokens.Length][];
        for (int i = 0; i < tokens.Length; i++)
            logits[i] = new ReadOnlySpan<float>(_runtime.Logits(i), VocabularySize).ToArray();
        return logits;
    }

    public void Dispose()
    {
        _runtime.Dispose();
        _batch.Dispose();
        _team.Dispose();
        _quantizations.Dispose();
        _files.Dispose();
    }
}
