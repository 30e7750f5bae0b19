namespace Tessera.Engine.Architectures.Blocks;

/// <summary>A layer's queries, keys and values.</summary>
/// <param name="Query">[rows, heads · key length].</param>
/// <param name="Key">[rows, key heads · key length].</param>
/// <param name="Value">[rows, key heads · value length].</param>
internal readonly record struct Qkv(GraphValue Query, GraphValue Key, GraphValue Value);
