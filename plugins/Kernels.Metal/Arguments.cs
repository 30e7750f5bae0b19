using System.Runtime.InteropServices;

namespace Tessera.Kernels.Metal;

// The argument structs of Shaders/arguments.metal, field for field.

[StructLayout(LayoutKind.Sequential)]
internal struct EmbedArguments
{
    public uint Width, Offset;
    public float Factor;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NormArguments
{
    public uint Length, Groups, SharesWeight, HasBias;
    public float Epsilon;
}

[StructLayout(LayoutKind.Sequential)]
internal struct ProductArguments
{
    public uint Rows, Columns, Inputs, InputStride, OutputStride, HasBias, HasResidual, Used;
    public float Factor, Cap;
}

[StructLayout(LayoutKind.Sequential)]
internal struct ElementArguments
{
    public uint Width, InputWidth, Groups, Offset;
    public float Factor;
}

[StructLayout(LayoutKind.Sequential)]
internal struct GateArguments
{
    public uint Width, GateStride, UpStride, Step, UpOffset, Activation, HasUp;
    public float Limit;
}

[StructLayout(LayoutKind.Sequential)]
internal struct PrepareArguments
{
    public uint Heads, KeyHeads, KeyLength, ValueLength, Pairs, Offset, IsInterleaved, KeyPairs, KeyOffset, KeyIsInterleaved, BlockTokens, TableLength;
    public ulong BlockStride, KeyStart, ValueStart;
}

[StructLayout(LayoutKind.Sequential)]
internal struct AttentionArguments
{
    public uint Heads, KeyHeads, BlockTokens, TableLength, Window, PartitionTokens, Partitions, HasSinks;
    public float Scale, Cap;
    public ulong BlockStride, KeyStart, ValueStart;
}

[StructLayout(LayoutKind.Sequential)]
internal struct CopyArguments
{
    public uint Count;
    public ulong BlockStride;
}

[StructLayout(LayoutKind.Sequential)]
internal struct ChoiceArguments
{
    public uint Experts, Used, Scoring, Normalizes, Groups, GroupsUsed, GroupScoring, HasBias;
    public float Scale;
}

[StructLayout(LayoutKind.Sequential)]
internal struct TopArguments
{
    public uint Width, Count, Parts;
}
