using System.Runtime.InteropServices;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Golden;

namespace Tessera.Conformance.Checks;

/// <summary>Something that a part of a plugin does often, to be timed.</summary>
/// <param name="title">What it is, for people.</param>
/// <param name="run">Does it once.</param>
/// <param name="owned">What it needs; disposed with it.</param>
public sealed class PluginWork(string title, Action run, params IEnumerable<IDisposable> owned) : IDisposable
{
    private const int Rows = 64, LeastColumns = 1024, Rounds = 8;
    private readonly IDisposable[] _owned = [.. owned];

    /// <summary>What it is, for people.</summary>
    public string Title { get; } = title;

    /// <summary>Does it once.</summary>
    public void Run() => run();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable part in _owned)
            part.Dispose();
    }

    /// <summary>The work of a plugin's parts: a backend's steps, a quantization's rows, the samples of formats and tokenizers, a strategy's drafts.</summary>
    /// <param name="parts">What it provides; it passes its checks.</param>
    /// <param name="golden">The samples of its package.</param>
    public static IEnumerable<PluginWork> Of(PluginParts parts, GoldenFolder golden)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentNullException.ThrowIfNull(golden);
        foreach (IKernelBackend backend in parts.Backends)
            if (Backend(backend) is { } steps)
                yield return steps;
        foreach (IQuantization quantization in parts.Quantizations)
            if (quantization is IQuantizer quantizer)
                foreach (PluginWork work in Quantization(quantization, quantizer))
                    yield return work;
        foreach (GoldenSample sample in golden.Samples)
            if (sample is TokenizerSample { Texts.Count: > 0 } texts)
                yield return Tokenizer(parts, texts);
            else if (sample is FormatSample model)
                yield return model.Work(parts);
        if (parts.CreateStrategy() is { } strategy)
            yield return Strategy(strategy);
    }

    /// <summary>Null where the backend takes no graph: what it needs is not here.</summary>
    private static PluginWork? Backend(IKernelBackend backend)
    {
        BackendSession session;
        try
        {
            session = BackendSession.Open(backend, new CheckShape { Width = 128, FeedForward = 256, Heads = 4, HeadLength = 32 });
        }
        catch (UnsupportedModelException)
        {
            return null;
        }
        return new PluginWork($"backend '{backend.Name}', steps", () =>
        {
            foreach (string step in session.Script.Steps())
            {
                session.Run(step);
                session.Script.Batch.Clear();
            }
        }, session);
    }

    private static List<PluginWork> Quantization(IQuantization quantization, IQuantizer quantizer)
    {
        int columns = Math.Max(LeastColumns / quantization.BlockSize, 1) * quantization.BlockSize;
        Random random = new(1);
        float[] values = [.. Enumerable.Range(0, Rows * columns).Select(_ => random.NextSingle() - 0.5f)];
        byte[] bytes = new byte[quantizer.QuantizedBytes(values.Length)];
        quantizer.Quantize(values, bytes);
        MemoryFile file = new("work", bytes);
        WeightTensor weight = file.Tensor("work", quantization.Id, Rows, columns);
        quantization.Validate(weight);
        // The last of the works owns the file.
        List<PluginWork> works = [];
        if (quantization is IAffineUnpack affine && affine.CanUnpack(weight))
            works.Add(Unpack(affine, weight, columns));
        if (quantization is IRowDot dot)
            works.Add(Dot(dot, weight, values, columns));
        works.Add(new PluginWork($"quantization '{quantization.Id}', {nameof(IQuantization.Dequantize)}", () => quantization.Dequantize(weight, 0, Rows, values), file));
        return works;
    }

    private static unsafe PluginWork Unpack(IAffineUnpack affine, WeightTensor weight, int columns)
    {
        NativeBytes levels = new(Rows * columns), scales = new(Rows * columns / affine.GroupSize * sizeof(float)), minimums = new(Rows * columns / affine.GroupSize * sizeof(float));
        return new PluginWork($"quantization '{weight.Quantization}', {nameof(IAffineUnpack.Unpack)}", () => affine.Unpack(weight, 0, Rows, levels.Data, (float*)scales.Data, (float*)minimums.Data), levels, scales, minimums);
    }

    private static unsafe PluginWork Dot(IRowDot dot, WeightTensor weight, float[] activations, int columns)
    {
        NativeBytes prepared = new(dot.PreparedBytes(columns)), row = new(columns * sizeof(float)), results = new(Rows * sizeof(float));
        activations.AsSpan(0, columns).CopyTo(new Span<float>(row.Data, columns));
        dot.Prepare((float*)row.Data, columns, prepared.Data);
        return new PluginWork($"quantization '{weight.Quantization}', {nameof(IRowDot.Dot)}", () => dot.Dot(weight, 0, Rows, prepared.Data, (float*)results.Data), prepared, row, results);
    }

    private static PluginWork Tokenizer(PluginParts parts, TokenizerSample sample)
    {
        TokenizerAssets assets = sample.Read();
        ITokenizer tokenizer = parts.TokenizerFactories.First(f => f.CanCreate(assets)).Create(assets);
        string[] texts = [.. sample.Texts.Select(t => t.Text)];
        List<int> ids = [];
        return new PluginWork(sample.Title, () =>
        {
            for (int i = 0; i < Rounds; i++)
                foreach (string text in texts)
                {
                    ids.Clear();
                    tokenizer.Encode(text, new EncodeOptions { AddSpecial = true, ParseSpecial = true }, ids);
                }
        });
    }

    private static PluginWork Strategy(IDecodingStrategy strategy)
    {
        ReadOnlyMemory<int> tokens = Enumerable.Range(0, 400).Select(i => i * i % 37 % 19).ToArray();
        DraftSequence[] call = [.. Enumerable.Range(0, 4).Select(i => new DraftSequence(1_000_000 + i, tokens[i..], Math.Max(1, strategy.MaxDraft)))];
        return new PluginWork("decoding strategy, drafts", () => strategy.Propose(call, new DraftLog()));
    }

    private sealed unsafe class NativeBytes(int length) : IDisposable
    {
        public byte* Data { get; private set; } = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(1, length), 64);

        public void Dispose()
        {
            NativeMemory.AlignedFree(Data);
            Data = null;
        }
    }
}
