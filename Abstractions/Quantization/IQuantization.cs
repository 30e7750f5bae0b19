using Tessera.Abstractions.Formats;

namespace Tessera.Abstractions.Quantization;

/// <summary>The definition of one quantization type. A backend without a kernel of its own for the type runs it through the optional abilities <see cref="IRowDot"/> and <see cref="IAffineUnpack"/>, else through <see cref="Dequantize"/>.</summary>
public interface IQuantization
{
    /// <summary>The id that <see cref="WeightTensor.Quantization"/> carries.</summary>
    string Id { get; }

    /// <summary>The row length must be a multiple of this.</summary>
    int BlockSize { get; }

    /// <summary>Checks a tensor's parts, parameters and row length against the type. Called before any other member sees the tensor.</summary>
    /// <exception cref="ModelFormatException">They do not fit; the text names the tensor, what was expected and what was found.</exception>
    void Validate(WeightTensor weight);

    /// <summary>Writes the values of whole rows: the meaning of the type.</summary>
    /// <param name="weight">A validated tensor.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rowCount">The number of rows.</param>
    /// <param name="destination">Row-major, <paramref name="rowCount"/> × columns.</param>
    void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination);
}

/// <summary>Optional: rows as unsigned bytes with a scale, and possibly a minimum, for each group: value = scale · u − minimum.</summary>
public unsafe interface IAffineUnpack
{
    /// <summary>Columns in a group: 16 or 32.</summary>
    int GroupSize { get; }

    /// <summary>The largest unsigned value, at most 255.</summary>
    int MaxValue { get; }

    /// <summary>Rows that are best unpacked together, at least 1.</summary>
    int RowsTogether => 1;

    /// <summary>Whether a tensor's groups are of <see cref="GroupSize"/> consecutive columns or of several times as many; one that is not runs through the other abilities.</summary>
    /// <param name="weight">A validated tensor.</param>
    bool CanUnpack(WeightTensor weight) => true;

    /// <summary>Unpacks whole rows.</summary>
    /// <param name="weight">A validated tensor.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rowCount">The number of rows.</param>
    /// <param name="values">Row-major bytes, <paramref name="rowCount"/> × columns.</param>
    /// <param name="scales">Row-major, <paramref name="rowCount"/> × (columns / group).</param>
    /// <param name="minimums">The same shape as the scales; zeros where the type has none.</param>
    void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums);
}

/// <summary>Optional: unpacks also tensors whose columns are not grouped as they stand, by giving the columns in another order; activations are brought into the same one.</summary>
public unsafe interface IOrderedUnpack : IAffineUnpack
{
    /// <summary>Finds an order of the columns in which they are grouped as <see cref="IAffineUnpack.CanUnpack"/> asks.</summary>
    /// <param name="weight">A validated tensor that cannot be unpacked as it stands.</param>
    /// <param name="order">Takes the number of the column that comes at each place.</param>
    /// <returns>False where there is none.</returns>
    bool TryOrder(WeightTensor weight, Span<int> order);

    /// <summary>Unpacks whole rows with their columns in an order; the rest is as for <see cref="IAffineUnpack.Unpack"/>.</summary>
    /// <param name="weight">A validated tensor.</param>
    /// <param name="order">From <see cref="TryOrder"/>.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rowCount">The number of rows.</param>
    /// <param name="values">Row-major bytes.</param>
    /// <param name="scales">Row-major, one for each group of ordered columns.</param>
    /// <param name="minimums">The same shape as the scales.</param>
    void Unpack(WeightTensor weight, int* order, long firstRow, int rowCount, byte* values, float* scales, float* minimums);
}

/// <summary>Optional: the dot product of rows with an activation row, in whatever form of the activations suits the type.</summary>
public unsafe interface IRowDot
{
    /// <summary>Bytes of a prepared activation row.</summary>
    int PreparedBytes(int columns);

    /// <summary>Prepares one activation row.</summary>
    /// <param name="activations"><paramref name="columns"/> floats.</param>
    /// <param name="columns">The row length.</param>
    /// <param name="prepared">64-byte aligned, <see cref="PreparedBytes"/> long.</param>
    void Prepare(float* activations, int columns, byte* prepared);

    /// <summary>Writes the dot products of consecutive rows with a prepared activation row.</summary>
    /// <param name="weight">A validated tensor.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rowCount">The number of rows.</param>
    /// <param name="prepared">From <see cref="Prepare"/>.</param>
    /// <param name="result"><paramref name="rowCount"/> floats.</param>
    void Dot(WeightTensor weight, long firstRow, int rowCount, byte* prepared, float* result);
}

/// <summary>Optional, for a type with a row dot: says how it computes.</summary>
public interface IDescribedRowDot : IRowDot
{
    /// <summary>The instruction set that <see cref="IRowDot.Dot"/> uses on this machine and the form of the activations, for people, such as <c>avx2, activations float32</c>.</summary>
    string Description { get; }
}

/// <summary>Optional: the inverse of <see cref="IQuantization.Dequantize"/>, as the type's reference quantizer does it.</summary>
public interface IQuantizer
{
    /// <summary>The bytes that <paramref name="count"/> values take; the count is a multiple of the block size.</summary>
    long QuantizedBytes(long count);

    /// <summary>Quantizes values into blocks.</summary>
    /// <param name="values">A multiple of the block size.</param>
    /// <param name="destination"><see cref="QuantizedBytes"/> long.</param>
    void Quantize(ReadOnlySpan<float> values, Span<byte> destination);
}

/// <summary>Finds quantizations by id, over every loaded plugin.</summary>
public interface IQuantizationRegistry
{
    /// <summary>The quantization, or null when no plugin provides it.</summary>
    IQuantization? Find(string id);
}
