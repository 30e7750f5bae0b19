using System.Runtime.InteropServices;
using Tessera.Engine.Graphs;

namespace Tessera.Engine.Architectures.Blocks;

/// <summary>Short f32 tensors that a builder itself reads or reshapes.</summary>
internal static class SmallTensors
{
    /// <summary>Divisors of rotary frequencies, which conversion to GGUF stores as a tensor; empty where the model has none of this name.</summary>
    /// <exception cref="ModelFormatException">It is of another type, or not finite, or 0.</exception>
    public static unsafe float[] Divisors(GraphBuilder b, string name, int pairs)
    {
        if (b.Optional(name, pairs) is not { } tensor)
            return [];
        b.Check();
        if (tensor.Quantization != "f32" || tensor.Parts[0].Length != pairs * sizeof(float))
            throw new ModelFormatException($"tensor '{name}': expected {pairs} values of type f32, found {tensor.Parts[0].Length} bytes of type {tensor.Quantization}");
        float[] values = MemoryMarshal.Cast<byte, float>(new ReadOnlySpan<byte>(tensor.Parts[0].Data, pairs * sizeof(float))).ToArray();
        foreach (float value in values)
            if (!float.IsFinite(value) || value == 0)
                throw new ModelFormatException($"tensor '{name}': expected finite divisors other than 0, found {value}");
        return values;
    }

    /// <summary>The same weight as one row.</summary>
    public static WeightTensor Flat(WeightTensor weight) => new()
    {
        Name = weight.Name,
        StoredName = weight.StoredName,
        Shape = [weight.Rows * weight.Columns],
        Quantization = weight.Quantization,
        Parameters = weight.Parameters,
        Parts = weight.Parts,
        Stack = weight.Stack,
    };
}
