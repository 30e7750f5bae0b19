namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>What machine code for rows of nibbles is made for.</summary>
/// <param name="Kind">What values and minimums are.</param>
/// <param name="Type">How floats are stored.</param>
/// <param name="Times">Groups of 32 columns that share a scale: 1, 2, 4, or 8 for a multiple of that.</param>
internal readonly record struct NibbleForm(NibbleKind Kind, ScaleType Type, int Times)
{
    /// <summary>That of a weight.</summary>
    public NibbleForm(NibbleRows rows)
        : this(rows.Kind, rows.Type, Math.Min(rows.Times, 8))
    {
    }

    /// <summary>The layout of its kernel; docs/kernels-cpu-layouts.md says what it stands for.</summary>
    public string Layout => $"cpu.{this}.r1";

    /// <inheritdoc/>
    public override string ToString() => $"nibbles.{(Kind, Type) switch
    {
        (NibbleKind.E2M1, _) => "e2m1.e8m0",
        (_, ScaleType.F32) => $"{Minimums}.f32",
        (_, ScaleType.F16) => $"{Minimums}.f16",
        _ => $"{Minimums}.bf16",
    }}.t{Times}";

    private string Minimums => Kind switch { NibbleKind.Biases => "biases", NibbleKind.Zeros => "zeros", _ => "middle" };
}
