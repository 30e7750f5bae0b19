using System.Text.Json;
using Tessera.Engine;
using Tessera.Engine.Embeddings;
using Tessera.Engine.Generation;
using Tessera.Host.Configuration;

namespace Tessera.Host.Cli;

/// <summary>JSON lines that a model of texts' vectors answers, on an engine of its own; for <c>embed</c> and <c>rerank</c>.</summary>
internal sealed class VectorLines
{
    private readonly ModelEngine _engine;

    private VectorLines(ModelEngine engine, TextModel texts) => (_engine, Texts) = (engine, texts);

    /// <summary>The model.</summary>
    public TextModel Texts { get; }

    /// <summary>The ids that the model has.</summary>
    public int VocabularySize => _engine.Composition.Graph.VocabularySize;

    /// <summary>Builds the model and answers standard input; ends with an error where a line failed, after all of them.</summary>
    /// <param name="model">A configured name or a path.</param>
    /// <param name="config">The configuration's file, or null.</param>
    /// <param name="activations">The precision.</param>
    /// <param name="context">The context, or null.</param>
    /// <param name="needsTokenizer">Whether a model without a tokenizer is refused.</param>
    /// <param name="refusal">Why a model cannot answer; null where it can.</param>
    /// <param name="answer">Writes the members of one answer.</param>
    public static async Task<int> RunAsync(string model, string? config, ActivationPrecision activations, int? context, bool needsTokenizer, Func<TextModel, string?> refusal, Action<JsonElement, VectorLines, Utf8JsonWriter> answer)
    {
        await using HostSession session = HostSession.Open(config, model);
        ModelConfiguration entry = session.Model with { Activations = activations, Context = context ?? session.Model.Context };
        Composition composition = session.Build(entry, needsTokenizer);
        await using ModelEngine engine = new(composition, new EngineOptions { MaxBatchTokens = session.Configuration.Engine.MaxBatchTokens, MaxSequences = composition.Limits.MaxSequences }, TimeProvider.System);
        VectorLines lines = new(engine, new TextModel(composition, parseSpecial: true));
        if (refusal(lines.Texts) is { } reason)
            throw new UnsupportedModelException(reason);
        using TextReader input = JsonLines.StandardInput();
        using Stream output = Console.OpenStandardOutput();
        (int failed, string? first) = JsonLines.Run(input, output, (line, w) => answer(line, lines, w));
        return failed == 0 ? Terminal.Done : throw new TesseraException(failed == 1 ? first! : $"{failed} lines failed, the first of them {first}");
    }

    /// <summary>The vectors of texts, computed together.</summary>
    /// <exception cref="TesseraException">One of them fails.</exception>
    public IReadOnlyList<float>[] Pool(IReadOnlyList<GenerationRequest> requests)
    {
        GenerationStream[] streams = [.. _engine.Submit(requests).Select(s => s[0])];
        while (streams.Any(s => s.FinishReason == FinishReason.None))
            if (!_engine.Step() && _engine.Faulted is { } fault)
                throw new TesseraException(fault);
        return Array.ConvertAll(streams, s => s.Vector ?? throw new TesseraException(s.Error ?? "the computation failed"));
    }
}
