namespace Tessera.Kernels.Cpu.RowDots;

/// <summary>How an activation row is prepared for a row-dot kernel.</summary>
internal enum ActivationForm
{
    /// <summary>The floats themselves: nothing is prepared and nothing is rounded.</summary>
    Float32,

    /// <summary>Signed bytes with a float scale for each group of 32: <see cref="Int8Activation"/>.</summary>
    Int8Groups32,

    /// <summary>Signed bytes with a float scale for each 256: <see cref="Int8SuperActivation"/>.</summary>
    Int8Blocks256,
}
