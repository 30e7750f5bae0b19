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

    /// <summary>What a model says of itself.</summary>
    internal ModelMetadata Metadata(string path)
    {
        using OpenModel open = OpenModel.Open(path, Host.Plugins, mmap: true);
        return open.Source.Metadata;
    }

    /// <summary>The logits of each recorded row that the file's context has room for, on the reference path; a tokenizer is not needed.</summary>
    internal List<float[]> Logits(string path, FolderGolden golden) => Logits(path, golden.Rows.Select(r => (r.Tokens, r.Position)));

    /// <summary>As the other, of any rows.</summary>
    internal List<float[]> Logits(string path, IEnumerable<(int[] Tokens, int Position)> rows)
    {
        using OpenModel open = OpenModel.Open(path, Host.Plugins, mmap: true);
        ModelConfiguration entry = HostStack.Entry(path, ActivationPrecision.Float32);
        CompositionBuilder builder = Host.Builder();
        BuiltRuntime built = builder.BuildRuntime(open, entry, builder.Limits(open, entry, maxDraft: 0));
        using IModelRuntime runtime = built.Runtime;
        using SequenceEvaluator evaluator = new(entry.Name, built.Graph, runtime, built.Limits);
        List<float[]> found = [];
        foreach ((int[] tokens, int position) in rows.TakeWhile(r => r.Tokens.Length <= open.Source.Metadata.ContextLength))
            evaluator.Evaluate(tokens, [position], (_, logits) => found.Add(logits.ToArray()));
        return found;
    }

    /// <summary>Each matrix of a file that is not of float32 with its values, and the values of the same matrix of another file.</summary>
    internal IEnumerable<(WeightTensor Tensor, float[] Values, float[] Others)> Rounded(string path, string other)
    {
        using OpenModel open = OpenModel.Open(path, Host.Plugins, mmap: true), plain = OpenModel.Open(other, Host.Plugins, mmap: true);
        foreach (WeightTensor tensor in open.Source.Tensors.Where(t => t.Quantization != "f32"))
            yield return (tensor, Values(open, tensor), Values(plain, plain.Source.Tensors.Single(t => t.Name == tensor.Name)));
    }

    private static float[] Values(OpenModel open, WeightTensor tensor)
    {
        float[] values = new float[tensor.Rows * tensor.Columns];
        open.Quantization(tensor).Dequantize(tensor, 0, checked((int)tensor.Rows), values);
        return values;
    }
}
