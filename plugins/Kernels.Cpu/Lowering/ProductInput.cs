namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>What a matrix multiplies, as far as its values' spread depends on it.</summary>
internal enum ProductInput
{
    /// <summary>Anything: few columns stand out, and not the same ones in every row.</summary>
    Other,

    /// <summary>What a norm gives: the residual stream's outliers, mostly in the same columns in every row.</summary>
    Norm,

    /// <summary>What a gate or a nonlinearity gives: outliers anywhere.</summary>
    Gate,
}
