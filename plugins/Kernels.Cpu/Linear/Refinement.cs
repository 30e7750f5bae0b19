using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>Adds to products what the activations' second bytes give (<see cref="RefinedActivation"/>): a matrix of a few columns, taken from the middle of the weight's rows, as the type's own kernels multiply it. The same bits however rows are grouped into calls.</summary>
internal sealed unsafe partial class Refinement
{
    // Sums of a call, in the first-level cache.
    private const int MostRows = 64;

    private readonly RowDotKernel _kernel;
    private readonly NativeRows? _rows;
    private readonly nint _rowBytes, _groupBytes;
    private readonly int _groups, _width, _offset, _groupRowBytes;
    private readonly bool _super;

    private Refinement(WeightTensor weight, in RowDotKernel kernel, int groups, NativeRows? rows)
    {
        bool super = kernel.Form == ActivationForm.Int8Blocks256;
        int columns = checked((int)weight.Columns);
        (_kernel, _rows, _groups, _super) = (kernel, rows, groups, super);
        _width = super ? Int8SuperActivation.Block : Int8Activation.Group;
        _offset = RefinedActivation.Offset(super, columns);
        _groupRowBytes = RefinedActivation.RowBytes(super);
        _rowBytes = (nint)(weight.Parts[0].Length / weight.Rows);
        _groupBytes = _rowBytes / (columns / _width);
    }

    /// <summary>What a weight needs; null where its activations have no second bytes.</summary>
    public static Refinement? Of(WeightTensor weight, in RowDotKernel kernel, Preparation preparation, NativeRows? rows) =>
        preparation.RefinedGroups == 0 ? null : new(weight, kernel, preparation.RefinedGroups, rows);

    /// <summary>Adds to the products of a block of weight rows with activation rows. Those with the same group are taken together where they follow each other, as rows with the same outliers do.</summary>
    [SkipLocalsInit]
    public void Add(byte* weights, int rowCount, byte* activations, nint stride, int batchRows, float* output, nint outputStride)
    {
        float* sums = stackalloc float[MostRows * NativeRows.Most];
        activations += _offset;
        for (int i = 0; i < _groups; i++)
        {
            byte* refined = activations + RefinedActivation.RowsOffset + i * _groupRowBytes;
            for (int first = 0, count; first < batchRows; first += count)
            {
                int group = Group(activations, stride, first, i);
                for (count = 1; first + count < batchRows && count < NativeRows.Most && Group(activations, stride, first + count, i) == group; count++)
                {
                }
                for (int row = 0; row < rowCount; row += MostRows)
                {
                    int rows = Math.Min(MostRows, rowCount - row);
                    Dot(weights + row * _rowBytes + group * _groupBytes, rows, refined + first * stride, stride, count, sums);
                    float* to = output + first * outputStride + row;
                    for (int k = 0; k < count; k++, to += outputStride)
                        Sum.Row(to, sums + k * MostRows, to, rows);
                }
            }
        }
    }

    private static int Group(byte* activations, nint stride, int row, int place) => ((int*)(activations + row * stride))[place];

    private void Dot(byte* weights, int rows, byte* refined, nint stride, int count, float* sums)
    {
        if (_rows is not null)
            _rows.DotTogether(weights, _rowBytes, rows, _width, refined, stride, count, sums, MostRows);
        else
            _kernel.DotTogether(weights, _rowBytes, rows, _width, refined, stride, count, sums, MostRows);
    }
}
