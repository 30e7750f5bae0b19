namespace Tessera.Format.Gguf;

/// <summary>Fixed numbers of the format and our own limits on it.</summary>
internal static class GgufConstants
{
    /// <summary>The first four bytes of a file.</summary>
    public static ReadOnlySpan<byte> Magic => "GGUF"u8;

    /// <summary>The oldest version that is read; version 1 had 32-bit counts.</summary>
    public const uint OldestVersion = 2;

    /// <summary>The newest version that is read.</summary>
    public const uint NewestVersion = 3;

    /// <summary>The alignment of tensor data where the file does not say.</summary>
    public const int DefaultAlignment = 32;

    /// <summary>The specification asks for a multiple of 8.</summary>
    public const int MinAlignment = 8;

    /// <summary>Our limit; the largest page size in common use is 2 MiB.</summary>
    public const int MaxAlignment = 1 << 21;

    /// <summary>The specification's limit on a key, in bytes.</summary>
    public const int MaxKeyBytes = 65535;

    /// <summary>Our limit on a tensor's name, in bytes; the specification says 64, writers exceed it.</summary>
    public const int MaxNameBytes = 1024;

    /// <summary>Our limit on one string value, in bytes; the longest in use are whole tokenizer.json texts.</summary>
    public const int MaxStringBytes = 1 << 27;

    /// <summary>The specification's limit on dimensions.</summary>
    public const int MaxDimensions = 4;

    /// <summary>Our limit on the files of a split set.</summary>
    public const int MaxShards = 1024;

    /// <summary>The least that a key-value pair takes: key length, a key of one byte, type, a value of one byte.</summary>
    public const int MinPairBytes = 8 + 1 + 4 + 1;

    /// <summary>The least that a tensor's description takes: name length, a name of one byte, n_dims, one dimension, type, offset.</summary>
    public const int MinTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;

    /// <summary>The first tensor type id that <c>tessera.quantization.types</c> gives a name to.</summary>
    public const uint FirstNamedType = 65536;
}
