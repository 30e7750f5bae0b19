using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>Attention among the rows of each sequence.</summary>
internal sealed class RowAttentionStage(Pipeline pipeline, DeviceValue query, DeviceValue key, DeviceValue value, DeviceValue output, AttentionArguments arguments) : Stage
{
    /// <summary>Threads of a threadgroup.</summary>
    public const int Threads = 128;

    public override void Encode(Commands commands, Step step) =>
        commands.Use(pipeline).Bind(0, query.Range).Bind(1, key.Range).Bind(2, value.Range).Bind(3, step.Spans!.Rows).Bind(4, output.Range).Bind(5, arguments).Run(arguments.Heads, step.Rows, 1, Threads);
}

/// <summary>A row for each sequence that wants a vector.</summary>
internal sealed class PoolStage(Pipeline pipeline, DeviceValue input, DeviceValue output, PoolingKind kind) : Stage
{
    public override void Encode(Commands commands, Step step)
    {
        if (step.Spans!.PooledCount > 0)
            commands.Use(pipeline).Bind(0, input.Range).Bind(1, step.Spans.Pooled).Bind(2, output.Range).Bind(3, new ElementArguments { Width = (uint)input.Width, Offset = (uint)kind }).RunElements(input.Width, step.Spans.PooledCount);
    }
}
