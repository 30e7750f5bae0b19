namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>What nibbles stand for, and where minimums come from.</summary>
internal enum NibbleKind
{
    /// <summary>scale · q + bias.</summary>
    Biases,

    /// <summary>scale · (q − 8).</summary>
    Middle,

    /// <summary>scale · (q − zero), whose zero points are nibbles of eight rows in a word.</summary>
    Zeros,

    /// <summary>E2M1 floats with a power of two for each group.</summary>
    E2M1,
}
