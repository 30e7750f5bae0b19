using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine.Evaluation;
using Tessera.Host.Configuration;
using Tessera.Host.Conversion;
using Tessera.Host.Models;

namespace Tessera.Acceptance.Tests.Conversion;

/// <summary>Conversions by the shared host, and what their files give.</summary>
public sealed class ConversionStack(SharedStack stack)
{
    internal HostStack Host => stack.Host;

    /// <summary>Writes a model as another file.</summary>
    internal WritePlan Convert(string from, string to, string? type)
    {
        using OpenModel open = OpenModel.Open(from, Host.Plugins, mmap: true);
        WritePlan plan = ModelFileWriter.Plan(open, to, type);
        ModelFileWriter.Write(open, plan, to, Host.Team, (_, _, _) => { }, CancellationToken.None);
        return plan;
    }

    /// <summary>The logits of each recorded row that the file's context has room for, on the reference path; a tokenizer is not needed.</summary>
    internal List<float[]> Logits(string path, FolderGolden golden)
    {
        using OpenModel open = OpenModel.Open(path, Host.Plugins, mmap: true);
        ModelConfiguration entry = HostStack.Entry(path, ActivationPrecision.Float32);
        CompositionBuilder builder = Host.Builder();
        BuiltRuntime built = builder.BuildRuntime(open, entry, builder.Limits(open, entry, maxDraft: 0));
        using IModelRuntime runtime = built.Runtime;
        using SequenceEvaluator evaluator = new(entry.Name, built.Graph, runtime, built.Limits);
        List<float[]> found = [];
        foreach ((int[] tokens, int position, _) in golden.Rows.TakeWhile(r => r.Tokens.Length <= open.Source.Metadata.ContextLength))
            evaluator.Evaluate(tokens, [position], (_, logits) => found.Add(logits.ToArray()));
        return found;
    }
}
