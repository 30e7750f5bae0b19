using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Grouped;
using Tessera.Kernels.Cpu.Linear.Grouped.Found;
using Tessera.Kernels.Cpu.Linear.Nibbles;
using Tessera.Kernels.Cpu.Linear.Transcoding;
using Tessera.Kernels.Cpu.Linear.Transposed;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>Chooses the kernel of each matrix and says why.</summary>
internal sealed class KernelChoice(IQuantizationRegistry quantizations, ActivationPrecision precision, CpuIsa isa, NativeTiles tiles, NativeRowDots rowDots, List<string> explanation, Transcoder? transcoder = null)
{
    private const int MaxColumns = 1 << 24;

    // Groups or blocks of an activation row that have a second byte; bench/README.md says what it gives and costs. A norm's outliers stand in the same columns of most rows, which are then taken together. Blocks of 256 take
    // more of the work, and only a gate's outliers are worth it.
    private const int RefinedGroups = 1, RefinedBlocks = 2;

    /// <summary>Activation rows of a tile's panel; 0: there are no tiles.</summary>
    public int TileWidth { get; } = TileTable.Width(isa);

    private readonly GroupFinder _groups = new();
    private readonly Preparation _floats = Preparation.Float(isa), _int8 = Preparation.Int8(isa), _int8Super = Preparation.Int8Super(isa);

    /// <summary>The quantization of a weight, which has looked at it: kernels read by its shape.</summary>
    /// <exception cref="UnsupportedModelException">No plugin provides it.</exception>
    /// <exception cref="ModelFormatException">The weight breaks its rules.</exception>
    public IQuantization Quantization(GraphNode node, WeightTensor weight)
    {
        IQuantization quantization = quantizations.Find(weight.Quantization)
            ?? throw new UnsupportedModelException($"cpu: node '{node.Name}': tensor '{weight.Name}' is of type '{weight.Quantization}', which no loaded plugin provides");
        foreach (WeightTensor slice in Slices(weight))
            quantization.Validate(slice);
        return quantization;
    }

    /// <summary>The tensors that a weight's values are in.</summary>
    public static IReadOnlyList<WeightTensor> Slices(WeightTensor weight) => weight.Stack.Count > 0 ? weight.Stack : [weight];

    /// <summary>The kernel of a matrix: the type's own, else its plugin's row dot, else unpacked bytes, else floats. One of a stack takes blocks of rows that lie within a slice.</summary>
    /// <param name="node">The node that multiplies.</param>
    /// <param name="weight">The matrix.</param>
    /// <param name="input">What it multiplies.</param>
    /// <exception cref="UnsupportedModelException">The matrix is too large, or a stack where blocks may cross its slices.</exception>
    public LinearKernel Choose(GraphNode node, WeightTensor weight, ProductInput input = ProductInput.Other)
    {
        IQuantization quantization = Quantization(node, weight);
        if (weight.Columns > MaxColumns || weight.Rows > int.MaxValue)
            throw new UnsupportedModelException($"cpu: node '{node.Name}': tensor '{weight.Name}' has shape {weight.ShapeText}; expected at most {MaxColumns} columns and {int.MaxValue} rows");
        if (weight.Stack.Count == 0)
            return Choose(weight, quantization, input, "", transcoder);
        if (node is not MixtureOfExpertsNode)
            throw new UnsupportedModelException($"cpu: node '{node.Name}': tensor '{weight.Name}' is a stack of {weight.Stack.Count} tensors, which only experts may be");
        if (weight.Stack.Any(s => s.Rows != weight.Rows / weight.Stack.Count || s.Columns != weight.Columns || s.Stack.Count > 0))
            throw new UnsupportedModelException($"cpu: node '{node.Name}': tensor '{weight.Name}' {weight.ShapeText}: its {weight.Stack.Count} slices do not have the same shape");
        return Stacked(weight, quantization, input);
    }

    // All slices read the same prepared rows: where each has its columns in an order of its own, floats are what they have in common.
    private StackedLinear Stacked(WeightTensor weight, IQuantization quantization, ProductInput input)
    {
        string behind = $", and {weight.Stack.Count - 1} more alike";
        int said = explanation.Count;
        if (transcoder is not null && Anew(transcoder) is { } written)
            return new StackedLinear(weight, written);
        explanation.RemoveRange(said, explanation.Count - said);
        LinearKernel[] slices = [.. weight.Stack.Select((s, i) => Choose(s, quantization, input, i == 0 ? behind : null, null))];
        if (transcoder is not null)
            explanation[^1] += "; not written anew: not all of them can be, as one type";
        if (slices.All(s => s.IsOfOneKindWith(slices[0])))
            return new StackedLinear(weight, slices);
        explanation.RemoveRange(said, explanation.Count - said);
        RowDotKernel floats = Floats();
        slices = [.. weight.Stack.Select(s => new DequantizedLinear(s, quantization, floats))];
        Say(slices[0], $"dequantized by rows, float32 dot ({floats.InstructionSet}); fallback: each has its columns in an order of its own", behind);
        return new StackedLinear(weight, slices);

        // As soon as one is of another kind, nothing stays written.
        LinearKernel[]? Anew(Transcoder with)
        {
            List<LinearKernel> chosen = [];
            foreach (WeightTensor slice in weight.Stack)
            {
                chosen.Add(Choose(slice, quantization, input, chosen.Count == 0 ? behind : null, with));
                if (chosen[^1].IsOfOneKindWith(chosen[0]))
                    continue;
                foreach (LinearKernel kernel in chosen.Where(k => k.Weight.Quantization != weight.Quantization))
                    with.GiveBack(kernel.Weight);
                return null;
            }
            return [.. chosen];
        }
    }

    private LinearKernel Choose(WeightTensor weight, IQuantization quantization, ProductInput input, string? behind, Transcoder? anew)
    {
        RowDotKernel floats = Floats();
        if (precision == ActivationPrecision.Float32 && weight.Quantization != floats.Quantization)
            return Say(new DequantizedLinear(weight, quantization, floats), $"dequantized by rows, float32 dot ({floats.InstructionSet}): the reference path", behind);
        if (RowDotTable.TryGet(weight.Quantization, isa, out RowDotKernel own))
            return Own(weight, own, quantization.BlockSize, input, null, "", behind);
        AffineSource? source = AffineSource.Of(weight, quantization);
        string found = "";
        NativeTile? native = source is not null && TileTable.Takes(source, isa) ? tiles.Find(TileLayouts.Minimum, out found) : null;
        if (source is not null && anew is not null && isa.Avx2 && (source.Order is not null || TransposedTable.Takes(weight)) && anew.TryRows(weight, source) is { } rows)
            return Rows(rows, source.Order, native, found, behind, weight.Quantization);
        if (source is not null && (TransposedTable.Create(weight, source, _int8, isa, native, rowDots) ?? NibbleTable.Create(weight, source, _int8, isa, native, rowDots)) is { } packed)
        {
            packed.Tile!.Compile();
            string kept = anew is not null && TransposedTable.Takes(weight) ? $"; not written anew: groups of {weight.Parameters["group"]} columns" : "";
            return Say(packed, $"own kernel ({packed.InstructionSet}{Tiles(packed.Tile, found)}), activations int8 by 32{Ordered(source.Order)}{kept}", behind);
        }
        if (quantization is IRowDot rowDot)
            return Say(new PluginLinear(weight, rowDot), $"row dot of its plugin{(rowDot is IDescribedRowDot described ? $" ({described.Description})" : "")}, weights read as they are stored, one activation row at a time", behind);
        if (source is not null)
        {
            string left = "";
            if (anew?.TryTranscode(weight, source, out left) is { } written && RowDotTable.TryGet(written.Quantization, isa, out own))
                return Own(written, own, Int8Activation.Group, input, source.Order, $"written anew at load as {written.Quantization}, ", behind, weight.Quantization);
            string notFound = "";
            if (isa.Avx2 && source is { Layout: null, Order: null } && _groups.Find(weight, quantization, out notFound) is { } groups)
                source = new AffineSource(weight, groups);
            string notWritten = (notFound.Length > 0 ? $"; its groups not found: {notFound}" : "") + (left.Length > 0 ? $"; not written anew: {left}" : "");
            if (source.Layout is { } layout && Grouped(weight, source, layout, native, found, notWritten, behind) is { } grouped)
                return grouped;
            AffineLinear linear = new(weight, source, source.Order is { } order ? Preparation.Int8(isa, order) : _int8, isa, native);
            linear.Tile?.Compile();
            if (linear.Tile is not null)
                AffineDot.Compile(isa.Avx512);
            return Say(linear, $"unpacked to bytes by its plugin, generic integer dot ({(isa.Avx2 ? "avx2" : isa.Name)}{Tiles(linear.Tile, found)}), activations int8 by 32{Ordered(source.Order)}{notWritten}", behind);
        }
        return Say(new DequantizedLinear(weight, quantization, floats), $"dequantized by rows, float32 dot ({floats.InstructionSet}); fallback: no kernel of its own, and its plugin offers no row dot{(quantization is IAffineUnpack ? ", and unpacks no such columns or groups" : " or unpacking")}", behind);
    }

    // What was written anew as rows of nibbles, perhaps with the columns in an order.
    private LinearKernel Rows(WeightTensor weight, int[]? order, NativeTile? native, string found, string? behind, string stored)
    {
        RowNibbles written = new(weight);
        NibbleLinear rows = NibbleTable.Create(weight, written.Rows, new AffineSource(weight, written), order is null ? _int8 : Preparation.Int8(isa, order), isa, native, rowDots);
        rows.Tile!.Compile();
        return Say(rows, $"written anew at load as rows of nibbles, own kernel ({rows.InstructionSet}{Tiles(rows.Tile, found)}), activations int8 by 32{Ordered(order)}", behind, stored);
    }

    // A type whose plugin describes its groups, or where they were found; null where these are better unpacked to bytes.
    private LinearKernel? Grouped(WeightTensor weight, AffineSource source, GroupLayout layout, NativeTile? native, string found, string notWritten, string? behind)
    {
        string reason = "";
        NativeGroups? machine = GroupedRows.TakesNative(layout, isa) ? rowDots.FindGroups(layout.Bits, out reason) : null;
        if (GroupedRows.Of(layout, isa, machine) is not { } groups)
            return null;
        GroupedLinear linear = new(weight, source, groups, _int8, isa, native);
        groups.Compile();
        linear.Tile?.Compile();
        return Say(linear, $"groups {(source.Found is null ? "as its plugin describes them" : "found by its plugin's unpacking")}, unpacked in registers, generic integer dot ({(reason.Length > 0 ? reason : groups.InstructionSet)}{Tiles(linear.Tile, found)}), activations int8 by 32{notWritten}", behind);
    }

    // A type with a kernel of its own; what was written anew may have its columns in an order, and another type in the file.
    private LinearKernel Own(WeightTensor weight, RowDotKernel own, int blockSize, ProductInput input, int[]? order, string how, string? behind, string? stored = null)
    {
        own.Compile();
        (Preparation form, string name) = own.Form switch
        {
            ActivationForm.Int8Groups32 when order is not null => (Preparation.Int8(isa, order), $"int8 by 32{Ordered(order)}"),
            ActivationForm.Int8Groups32 when input == ProductInput.Norm && blockSize == Int8Activation.Group => Refined(false, "int8 by 32", weight.Columns / Int8Activation.Group, RefinedGroups),
            ActivationForm.Int8Groups32 => (_int8, "int8 by 32"),
            ActivationForm.Int8Blocks256 when input == ProductInput.Gate => Refined(true, "int8 by 256", weight.Columns / Int8SuperActivation.Block, RefinedBlocks),
            ActivationForm.Int8Blocks256 => (_int8Super, "int8 by 256"),
            _ => (_floats, "float32"),
        };
        string why = "";
        NativeRows? machine = rowDots.Find(own, out string reason);
        RowDotLinear rows = new(weight, own, form, isa, TileTable.LayoutOf(weight.Quantization) is { } layout ? tiles.Find(layout, out why) : null, machine);
        rows.Tile?.Compile();
        return Say(rows, $"{how}own kernel ({(reason.Length > 0 ? reason : own.InstructionSet)}{Tiles(rows.Tile, why)}), activations {name}", behind, stored);
    }

    private (Preparation Form, string Name) Refined(bool super, string name, long groups, int most)
    {
        int refined = (int)Math.Min(groups, most);
        return (Preparation.Refined(isa, super, refined), $"{name}, a second byte for the {refined} with the largest scale");
    }

    private static string Ordered(int[]? order) => order is null ? "" : " in the order of the groups";

    private string Tiles(TileKernel? tile, string why) => tile is null ? "" : $", tiles of {TileWidth} rows{(why.Length > 0 ? $" ({why})" : "")}";

    private RowDotKernel Floats() =>
        RowDotTable.TryGet("f32", isa, out RowDotKernel floats) ? floats : throw new InvalidOperationException("RowDotTable has no kernel for f32, the type that every fallback ends in");

    private LinearKernel Say(LinearKernel kernel, string how, string? behind, string? stored = null)
    {
        if (behind is not null)
            explanation.Add($"{kernel.Weight.Name} {kernel.Weight.ShapeText} {stored ?? kernel.Weight.Quantization}{behind}: {how}");
        return kernel;
    }
}
