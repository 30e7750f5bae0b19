using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>Chooses the kernel of each matrix and says why.</summary>
internal sealed class KernelChoice(IQuantizationRegistry quantizations, ActivationPrecision precision, CpuIsa isa, List<string> explanation)
{
    private const int MaxColumns = 1 << 24;

    /// <summary>Activation rows of a tile's panel; 0: there are no tiles.</summary>
    public int TileWidth { get; } = TileTable.Width(isa);

    private readonly Preparation _int8 = Preparation.Int8(isa), _int8Super = Preparation.Int8Super(isa);

    /// <summary>The quantization of a weight, which has looked at it: kernels read by its shape.</summary>
    /// <exception cref="UnsupportedModelException">No plugin provides it.</exception>
    /// <exception cref="ModelFormatException">The weight breaks its rules.</exception>
    public IQuantization Quantization(GraphNode node, WeightTensor weight)
    {
        IQuantization quantization = quantizations.Find(weight.Quantization)
            ?? throw new UnsupportedModelException($"cpu: node '{node.Name}': tensor '{weight.Name}' is of type '{weight.Quantization}', which no loaded plugin provides");
        quantization.Validate(weight);
        return quantization;
    }

    /// <summary>The kernel of a matrix: the type's own, else its plugin's row dot, else unpacked bytes, else floats.</summary>
    /// <exception cref="UnsupportedModelException">The matrix is too large.</exception>
    public LinearKernel Choose(GraphNode node, WeightTensor weight)
    {
        IQuantization quantization = Quantization(node, weight);
        if (weight.Columns > MaxColumns || weight.Rows > int.MaxValue)
            throw new UnsupportedModelException($"cpu: node '{node.Name}': tensor '{weight.Name}' has shape {weight.ShapeText}; expected at most {MaxColumns} columns and {int.MaxValue} rows");
        RowDotKernel floats = Floats();
        if (precision == ActivationPrecision.Float32 && weight.Quantization != floats.Quantization)
            return Say(new DequantizedLinear(weight, quantization, floats), $"dequantized by rows, float32 dot ({floats.InstructionSet}): the reference path");
        if (RowDotTable.TryGet(weight.Quantization, isa, out RowDotKernel own))
        {
            own.Compile();
            (Preparation form, string name) = own.Form switch
            {
                ActivationForm.Int8Groups32 => (_int8, "int8 by 32"),
                ActivationForm.Int8Blocks256 => (_int8Super, "int8 by 256"),
                _ => (Preparation.Float32, "float32"),
            };
            RowDotLinear rows = new(weight, own, form, isa);
            rows.Tile?.Compile();
            return Say(rows, $"own kernel ({own.InstructionSet}{(rows.Tile is null ? "" : $", tiles of {TileWidth} rows")}), activations {name}");
        }
        const string Why = "fallback: no kernel of its own";
        if (quantization is IRowDot rowDot)
            return Say(new PluginLinear(weight, rowDot), $"row dot of its plugin; {Why}");
        if (quantization is IAffineUnpack { GroupSize: 16 or 32 } unpack && weight.Columns % Int8Activation.Group == 0)
        {
            AffineLinear linear = new(weight, unpack, _int8, isa);
            linear.Tile?.Compile();
            return Say(linear, $"unpacked to bytes by its plugin, generic integer dot{(linear.Tile is null ? "" : $", tiles of {TileWidth} rows")}, activations int8 by 32; {Why}");
        }
        return Say(new DequantizedLinear(weight, quantization, floats), $"dequantized by rows, float32 dot ({floats.InstructionSet}); {Why}, and its plugin offers no row dot or unpacking");
    }

    private RowDotKernel Floats() =>
        RowDotTable.TryGet("f32", isa, out RowDotKernel floats) ? floats : throw new InvalidOperationException("RowDotTable has no kernel for f32, the type that every fallback ends in");

    private LinearKernel Say(LinearKernel kernel, string how)
    {
        explanation.Add($"{kernel.Weight.Name} {kernel.Weight.ShapeText} {kernel.Weight.Quantization}: {how}");
        return kernel;
    }
}
