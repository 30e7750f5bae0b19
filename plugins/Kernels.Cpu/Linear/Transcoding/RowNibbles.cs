using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Linear.Nibbles;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Linear.Transcoding;

/// <summary>
/// Rows of nibbles, the low one of a byte first, with a scale and a bias as floats for each group of columns: what weights of four bits are written as that stand by columns, or whose groups are scattered over them.
/// All values stay bit for bit what they are.
/// </summary>
/// <param name="weight">What was written.</param>
internal sealed unsafe class RowNibbles(WeightTensor weight) : IAffineUnpack
{
    /// <summary>What it is called where a type is named; no type of a file is.</summary>
    public const string Id = "cpu.nibbles";

    /// <summary>The largest value.</summary>
    public const int Most = 15;

    // Below, scales and biases take more than a bit for each weight.
    private const int LeastGroup = 64;

    private const int Unit = Int8Activation.Group;
    private const string Data = "data", Scales = "scales", Biases = "biases", Group = "group";

    private readonly int _group = int.Parse(weight.Parameters[Group], CultureInfo.InvariantCulture);

    /// <summary>Where its parts stand.</summary>
    public NibbleRows Rows => new(NibbleKind.Biases, ScaleType.F32, Times, (int)weight.Columns, weight.Parts[0].Data, weight.Parts[1].Data, Groups * sizeof(float), weight.Parts[2].Data);

    private int Groups => (int)weight.Columns / _group;

    // Units that share a scale; where a row has one group, eight at a time.
    private int Times => Groups == 1 ? (_group / Unit + 7) / 8 * 8 : _group / Unit;

    /// <inheritdoc/>
    public int GroupSize => Unit;

    /// <inheritdoc/>
    public int MaxValue => Most;

    /// <summary>Columns that share a scale, where a weight can be written so; 0: it cannot.</summary>
    public static int GroupOf(WeightTensor weight, AffineSource source)
    {
        if (source.GroupSize != Unit || source.MaxValue > Most || !weight.Parameters.TryGetValue(Group, out string? text) || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long group))
            return 0;
        group = long.Min(group, weight.Columns);
        // As the kernels of such rows take them.
        return group >= LeastGroup && group % Unit == 0 && weight.Columns % group == 0 && (group == weight.Columns || group / Unit is 2 or 4 || group / Unit % 8 == 0) ? (int)group : 0;
    }

    /// <summary>The bytes of all parts, which stand behind each other.</summary>
    public static long BytesOf(WeightTensor weight, int group) => checked(weight.Rows * (weight.Columns / 2 + weight.Columns / group * 2 * sizeof(float)));

    /// <summary>The parts as a weight, in memory of a file.</summary>
    public static WeightTensor Tensor(WeightTensor weight, int group, IModelFile file)
    {
        long data = weight.Rows * weight.Columns / 2, floats = weight.Rows * (weight.Columns / group) * sizeof(float);
        return new WeightTensor
        {
            Name = weight.Name,
            StoredName = weight.StoredName,
            Shape = weight.Shape,
            Quantization = Id,
            Parameters = new Dictionary<string, string> { [Group] = group.ToString(CultureInfo.InvariantCulture), ["scale_type"] = "f32" },
            Parts = [new WeightPart(Data, file, 0, data), new WeightPart(Scales, file, data, floats), new WeightPart(Biases, file, data + floats, floats)],
        };
    }

    /// <inheritdoc/>
    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        long columns = weight.Columns, first = firstRow * Groups;
        byte* data = weight.Parts[0].Data + firstRow * columns / 2;
        for (long i = 0; i < rowCount * columns; i += Unit)
            Spread(Vector128.Load(data + i / 2)).Store(values + i);
        float* from = (float*)weight.Parts[1].Data + first, biases = (float*)weight.Parts[2].Data + first;
        for (int group = 0; group < rowCount * Groups; group++)
            for (int unit = 0; unit < _group / Unit; unit++)
                (*scales++, *minimums++) = (from[group], -biases[group]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Spread(Vector128<byte> nibbles)
    {
        Vector256<ushort> wide = Vector256.Create(Vector128.WidenLower(nibbles), Vector128.WidenUpper(nibbles));
        return ((wide | (wide << 4)) & Vector256.Create((ushort)0x0FFF) & Vector256.Create((ushort)0x0F0F)).AsByte();
    }

    /// <summary>Writes rows of a weight.</summary>
    /// <param name="columns">Its columns.</param>
    /// <param name="group">Columns that share a scale.</param>
    /// <param name="tensor">From <see cref="Tensor"/>.</param>
    internal sealed class Writer(int columns, int group, WeightTensor tensor) : IRowWriter
    {
        private readonly byte* _data = tensor.Parts[0].Data;
        private readonly float* _scales = (float*)tensor.Parts[1].Data, _biases = (float*)tensor.Parts[2].Data;

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public bool TryWrite(long firstRow, int rowCount, byte* values, float* scales, float* minimums)
        {
            int times = group / Unit;
            long count = (long)rowCount * (columns / group), first = firstRow * (columns / group);
            byte* to = _data + firstRow * columns / 2;
            for (long i = 0; i < (long)rowCount * columns; i += Unit)
            {
                Vector256<byte> unit = Vector256.Load(values + i);
                if (Vector256.GreaterThanAny(unit, Vector256.Create((byte)Most)))
                    return false;
                Vector256<ushort> pairs = unit.AsUInt16();
                pairs = (pairs | (pairs >> 4)) & Vector256.Create((ushort)byte.MaxValue);
                Vector128.Narrow(pairs.GetLower(), pairs.GetUpper()).Store(to + i / 2);
            }
            for (long i = 0; i < count; i++, scales += times, minimums += times)
            {
                if (!IsEven(scales, times) || !IsEven(minimums, times))
                    return false;
                (_scales[first + i], _biases[first + i]) = (*scales, -*minimums);
            }
            return true;
        }

        // Bit for bit: what is no number is kept too.
        private static bool IsEven(float* floats, int count) => !new ReadOnlySpan<int>(floats, count).ContainsAnyExcept(*(int*)floats);
    }
}
