namespace Tessera.Kernels.Cpu.Linear;

/// <summary>A kernel for weights of four bits that are packed with scales apart from them, read as they are stored.</summary>
internal abstract class PackedLinear(WeightTensor weight, Preparation preparation) : LinearKernel(weight, preparation)
{
    /// <summary>What <see cref="LinearKernel.Multiply"/> is written with: as the option <c>isa</c> spells it, or of machine code what was found.</summary>
    public abstract string InstructionSet { get; }
}
