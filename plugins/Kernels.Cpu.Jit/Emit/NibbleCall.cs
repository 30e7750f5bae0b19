namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Where the fields of a call of <c>cpu.nibbles</c> stand.</summary>
internal static class NibbleCall
{
    public const int Weights = 0, Scales = 8, Others = 16, Activations = 24, Output = 32, ScaleBytes = 40, OtherBytes = 48, OutputBytes = 56, Groups = 64, Rows = 68, Count = 72, Times = 76, Shift = 80;
}
