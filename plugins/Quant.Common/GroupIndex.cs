using System.Runtime.CompilerServices;

namespace Tessera.Quant.Common;

/// <summary>A part that names the group of each column, as 32-bit integers: columns that were quantized in the order of their activations.</summary>
public static unsafe class GroupIndex
{
    /// <summary>Checks the part, where there is one: a number for each column, each of a group that is there.</summary>
    public static void Check(TensorCheck check, WeightTensor weight, string name, long groups)
    {
        if (weight.Find(name) is null)
            return;
        int* index = (int*)check.Part(name, (Int128)weight.Columns * sizeof(int)).Data;
        for (long column = 0; column < weight.Columns; column++)
            if ((uint)Of(index, column) >= groups)
                throw check.Refused($"{name} from 0 to {groups - 1}", $"{Of(index, column)} for column {column}");
    }

    /// <summary>Whether the columns of a validated tensor are grouped as they follow each other.</summary>
    public static bool IsPlain(WeightTensor weight, string name, long group)
    {
        if (weight.Find(name) is not { } part)
            return true;
        for (long column = 0; column < weight.Columns; column++)
            if (Of((int*)part.Data, column) != column / group)
                return false;
        return true;
    }

    /// <summary>The columns of a validated tensor by group, within a group as they stand.</summary>
    /// <param name="weight">The tensor.</param>
    /// <param name="name">The part's name.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="unit">Every group must be of a multiple of this many columns.</param>
    /// <param name="order">Takes the columns.</param>
    /// <returns>False where there is no such part, or a group is of another number of columns.</returns>
    public static bool TryOrder(WeightTensor weight, string name, long groups, int unit, Span<int> order)
    {
        // More groups than units cannot be.
        if (weight.Find(name) is not { } part || groups > weight.Columns / unit)
            return false;
        int* index = (int*)part.Data;
        int[] next = new int[groups + 1];
        for (int column = 0; column < weight.Columns; column++)
            next[Of(index, column) + 1]++;
        for (int group = 1; group <= groups; group++)
        {
            if (next[group] % unit != 0)
                return false;
            next[group] += next[group - 1];
        }
        for (int column = 0; column < weight.Columns; column++)
            order[next[Of(index, column)]++] = column;
        return true;
    }

    /// <summary>The group of a column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(int* index, long column) => Unsafe.ReadUnaligned<int>(index + column);

    /// <summary>Columns from one on that are of the same group.</summary>
    /// <param name="index">The part, or null where columns are grouped as they follow each other.</param>
    /// <param name="column">The first column.</param>
    /// <param name="columns">The number of columns.</param>
    /// <param name="size">Columns of a group.</param>
    /// <param name="most">The longest run that is wanted.</param>
    /// <param name="group">The group.</param>
    public static int Run(int* index, long column, long columns, long size, int most, out long group)
    {
        if (index == null)
        {
            group = column / size;
            return (int)Math.Min(most, Math.Min(columns, (group + 1) * size) - column);
        }
        int first = Of(index, column), run = 1;
        for (group = first; run < most && column + run < columns && Of(index, column + run) == first;)
            run++;
        return run;
    }
}
