using System.Globalization;
using System.Runtime.CompilerServices;
using Tessera.Quant.Common;

namespace Tessera.Quant.BitsAndBytes;

/// <summary>
/// The largest magnitudes of a tensor's blocks. Part <c>magnitudes</c>: a float32 for each block; or, where the parameter <c>nested_block</c> is given, a byte for each:
/// nested_levels[byte] · nested_magnitudes[block / nested_block] + nested_offset, each rounded, with 256 levels and the offset a parameter.
/// </summary>
internal readonly unsafe struct Magnitudes
{
    /// <summary>The parts' names.</summary>
    public const string Part = "magnitudes", NestedLevels = "nested_levels", Nested = "nested_magnitudes";

    private const string Block = "block", NestedBlock = "nested_block", NestedOffset = "nested_offset";
    private const int Levels = 256;
    private readonly byte* _data;
    private readonly float* _levels;
    private readonly float* _nested;
    private readonly long _block;
    private readonly long _nestedBlock;
    private readonly float _offset;

    /// <summary>The magnitudes of a validated tensor.</summary>
    public Magnitudes(WeightTensor weight)
    {
        _data = weight.Data(Part);
        _block = long.Parse(weight.Parameters[Block]);
        if (!weight.Parameters.TryGetValue(NestedBlock, out string? nested))
            return;
        _nestedBlock = long.Parse(nested);
        _levels = (float*)weight.Data(NestedLevels);
        _nested = (float*)weight.Data(Nested);
        _offset = float.Parse(weight.Parameters[NestedOffset], CultureInfo.InvariantCulture);
    }

    /// <summary>Checks parts and parameters.</summary>
    public static void Check(TensorCheck check, WeightTensor weight)
    {
        int block = check.Number(Block);
        long blocks = (check.Values + block - 1) / block;
        bool nested = weight.Parameters.ContainsKey(NestedBlock);
        if (nested != weight.Find(Nested) is not null || nested != weight.Find(NestedLevels) is not null)
            throw check.Refused($"parts {NestedLevels} and {Nested} where there is a parameter {NestedBlock}, and only there", string.Join(", ", weight.Parts.Select(part => part.Name)));
        if (!nested)
        {
            check.Part(Part, (Int128)blocks * sizeof(float));
            return;
        }
        int nestedBlock = check.Number(NestedBlock);
        check.Part(Part, blocks);
        check.Part(NestedLevels, Levels * sizeof(float));
        check.Part(Nested, (blocks + nestedBlock - 1) / nestedBlock * (Int128)sizeof(float));
        weight.Parameters.TryGetValue(NestedOffset, out string? offset);
        if (!float.TryParse(offset, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            throw check.Refused($"parameter {NestedOffset} a number", offset is null ? "none" : $"'{offset}'");
    }

    /// <summary>Values from one on that share a magnitude.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Run(long first, long end) => Math.Min(end, (first / _block + 1) * _block) - first;

    /// <summary>The magnitude of a value.</summary>
    public float Of(long value)
    {
        long block = value / _block;
        if (_levels == null)
            return Unsafe.ReadUnaligned<float>(_data + 4 * block);
        float product = Unsafe.ReadUnaligned<float>(_levels + _data[block]) * Unsafe.ReadUnaligned<float>(_nested + block / _nestedBlock);
        return product + _offset;
    }
}
