using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>Block copies.</summary>
internal sealed class CopyStage(Pipeline pipeline, IReadOnlyList<CacheArena> groups) : Stage
{
    private readonly CacheArena[] _groups = [.. groups];

    public override void Encode(Commands commands, Step step)
    {
        for (int g = 0; g < _groups.Length; g++)
        {
            if (step.CopyCount(g) == 0)
                continue;
            ulong words = (ulong)_groups[g].BlockBytes / sizeof(uint);
            _groups[g].Bind(commands);
            commands.Use(pipeline).Bind(1, step.Copies(g)).Bind(2, new CopyArguments { Count = (uint)step.CopyCount(g), BlockStride = words }).RunElements((long)words, 1);
        }
    }
}

/// <summary>Rows of a matrix by token, position or type.</summary>
internal sealed class EmbedStage(Pipeline pipeline, BufferRange weight, EmbedIndex index, DeviceValue output, EmbedArguments arguments) : Stage
{
    public override void Encode(Commands commands, Step step) =>
        commands.Use(pipeline).Bind(0, weight).Bind(1, step.Numbers(index)).Bind(2, output.Range).Bind(3, arguments).RunElements((output.Width + 15) / 16, step.Rows);
}

/// <summary>A kernel of one or two inputs with a thread for each element of its output.</summary>
internal sealed class ElementStage(Pipeline pipeline, DeviceValue a, DeviceValue? b, DeviceValue output, ElementArguments arguments, RowSet set = RowSet.All) : Stage
{
    public override void Encode(Commands commands, Step step)
    {
        if (step.RowsOf(set) == 0)
            return;
        Commands bound = commands.Use(pipeline).Bind(0, a.Range);
        int next = 1;
        if (b is not null)
            bound.Bind(next++, b.Range);
        bound.Bind(next, output.Range).Bind(next + 1, arguments).RunElements(output.Width, step.RowsOf(set));
    }
}

/// <summary>A nonlinearity, alone or as a gate.</summary>
internal sealed class GateStage(Pipeline pipeline, DeviceValue gate, DeviceValue up, DeviceValue output, GateArguments arguments, RowSet set, int rowsEach = 1) : Stage
{
    public override void Encode(Commands commands, Step step)
    {
        if (step.RowsOf(set) is > 0 and int rows)
            commands.Use(pipeline).Bind(0, gate.Range).Bind(1, up.Range).Bind(2, output.Range).Bind(3, arguments).RunElements(arguments.Width, (long)rows * rowsEach);
    }
}

/// <summary>Heads that are rotated and stored.</summary>
internal sealed class RopeStage(Pipeline pipeline, DeviceValue input, Turns turns, DeviceValue output, PrepareArguments arguments) : Stage
{
    public override void Encode(Commands commands, Step step) =>
        commands.Use(pipeline).Bind(0, input.Range).Bind(1, turns.Range).Bind(2, output.Range).Bind(3, arguments).RunElements(output.Width, step.Rows);
}

/// <summary>A norm of groups of rows, of a sum that is stored on the way where there is a second input.</summary>
internal sealed class NormStage(Pipeline pipeline, DeviceValue x, DeviceValue? other, DeviceValue? sum, BufferRange weight, BufferRange bias, DeviceValue output, NormArguments arguments, RowSet set) : Stage
{
    private readonly int _threads = (int)Math.Clamp((arguments.Length / 4 + 31) / 32 * 32, 32, 256);

    public override void Encode(Commands commands, Step step)
    {
        if (step.RowsOf(set) == 0)
            return;
        Commands bound = commands.Use(pipeline).Bind(0, x.Range);
        if (other is not null && sum is not null)
            bound.Bind(1, other.Range).Bind(2, sum.Range).Bind(3, weight).Bind(4, bias).Bind(5, output.Range).Bind(6, arguments);
        else
            bound.Bind(1, weight).Bind(2, bias).Bind(3, output.Range).Bind(4, arguments);
        bound.Run(arguments.Groups, step.RowsOf(set), 1, _threads);
    }
}

/// <summary>The rows that are wanted, one after the other.</summary>
internal sealed class GatherStage(Pipeline pipeline, DeviceValue input, RowSet set, DeviceValue output) : Stage
{
    public override void Encode(Commands commands, Step step)
    {
        int rows = set == RowSet.Head ? step.HeadRows : step.HiddenRows;
        if (rows > 0)
            commands.Use(pipeline).Bind(0, input.Range).Bind(1, set == RowSet.Head ? step.HeadNumbers : step.HiddenNumbers).Bind(2, output.Range)
                .Bind(3, new ElementArguments { Width = (uint)input.Width }).RunElements(input.Width, rows);
    }
}
