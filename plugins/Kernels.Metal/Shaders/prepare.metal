// What happens to queries, keys and values in front of attention: heads are rotated by the turns of their row, keys and values go to the cache. One thread for each element of a row's queries, keys and values.

kernel void prepare(device const float * queries [[buffer(0)]], device const float * keys [[buffer(1)]], device const float * values [[buffer(2)]], device const float * queryTurns [[buffer(3)]], device const float * keyTurns [[buffer(4)]],
    device const int * slots [[buffer(5)]], device const int * indices [[buffer(6)]], device const int * tables [[buffer(7)]], device float * q [[buffer(8)]], CACHE(device KV_T *),
    constant PrepareArguments & args [[buffer(10)]], uint2 at [[thread_position_in_grid]])
{
    const uint row = at.y, kl = args.keyLength, vl = args.valueLength, qWidth = args.heads * kl, kWidth = args.keyHeads * kl, vWidth = args.keyHeads * vl;
    uint i = at.x;
    if (i < qWidth) {
        device const float * head = queries + (ulong)row * qWidth + i / kl * kl;
        q[(ulong)row * qWidth + i] = turned(head, i % kl, queryTurns + (ulong)row * 4 * args.pairs, args.pairs, args.offset, args.isInterleaved != 0);
        return;
    }
    i -= qWidth;
    if (i >= kWidth + vWidth) return;
    const uint index = (uint)indices[row];
    const Slabs<device KV_T *> slabs = SLABS;
    device KV_T * block = block_of(slabs, tables[(ulong)slots[row] * args.tableLength + index / args.blockTokens], args.blockStride);
    const uint entry = index % args.blockTokens;
    if (i < kWidth) {
        device const float * head = keys + (ulong)row * kWidth + i / kl * kl;
        const float v = turned(head, i % kl, keyTurns + (ulong)row * 4 * args.keyPairs, args.keyPairs, args.keyOffset, args.keyIsInterleaved != 0);
        block[args.keyStart + ((ulong)(i / kl) * args.blockTokens + entry) * kl + i % kl] = (KV_T)v;
        return;
    }
    i -= kWidth;
    block[args.valueStart + ((ulong)(i / vl) * args.blockTokens + entry) * vl + i % vl] = (KV_T)values[(ulong)row * vWidth + i];
}
