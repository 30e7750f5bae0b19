namespace Tessera.Kernels.Common;

/// <summary>The blocks of a cache group, as far as a batch can be checked against them.</summary>
internal interface IBlockGroup
{
    /// <summary>The graph's group.</summary>
    CacheGroup Group { get; }

    /// <summary>The number of blocks.</summary>
    int Count { get; }
}
