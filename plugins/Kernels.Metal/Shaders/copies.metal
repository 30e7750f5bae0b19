// Pairs of blocks, from and to, in order: each thread moves its own words of all of them, so copies of copies come out right.
kernel void copy_blocks(CACHE(device uint *), device const int * pairs [[buffer(1)]], constant CopyArguments & args [[buffer(2)]], uint at [[thread_position_in_grid]])
{
    if (at >= args.blockStride) return;
    const Slabs<device uint *> slabs = SLABS;
    for (uint i = 0; i < args.count; ++i) block_of(slabs, pairs[2 * i + 1], args.blockStride)[at] = block_of(slabs, pairs[2 * i], args.blockStride)[at];
}

// A buffer's words into another one.
kernel void copy_words(device const uint * from [[buffer(0)]], device uint * to [[buffer(1)]], constant CopyArguments & args [[buffer(2)]], uint at [[thread_position_in_grid]])
{
    const ulong first = (ulong)at * 64;
    for (ulong i = first; i < first + 64 && i < args.blockStride; ++i) to[i] = from[i];
}
