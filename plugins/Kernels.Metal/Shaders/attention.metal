// Paged attention of single queries: one threadgroup for each head of each row and each part of its context; its simdgroups take keys by turns, each with a running maximum and sum (arXiv 1805.02867).
// KEY and VALUE are the lengths of heads. Long contexts have several parts, which attention_merge joins; a context of one part comes out the same either way.

#define KEYS_A_LANE ((KEY + SIMD - 1) / SIMD)
#define VALUES_A_LANE ((VALUE + SIMD - 1) / SIMD)
#define GROUPS 4

kernel void attention(device const float * q [[buffer(0)]], CACHE(device const KV_T *), device const int * slots [[buffer(2)]], device const int * indices [[buffer(3)]], device const int * tables [[buffer(4)]],
    device const float * sinks [[buffer(5)]], device float * parts [[buffer(6)]], device float * y [[buffer(7)]], constant AttentionArguments & args [[buffer(8)]],
    uint3 at [[threadgroup_position_in_grid]], ushort tid [[thread_index_in_threadgroup]], ushort lane [[thread_index_in_simdgroup]], ushort sg [[simdgroup_index_in_threadgroup]])
{
    threadgroup float tops[GROUPS];
    threadgroup float sums[GROUPS];
    threadgroup float outs[GROUPS * VALUE];
    const uint head = at.x, row = at.y, kv = head / (args.heads / args.keyHeads), last = (uint)indices[row];
    const uint seen = args.window > 0 && last + 1 > args.window ? last + 1 - args.window : 0;
    const uint part = seen / args.partitionTokens + at.z;
    const uint first = max(seen, part * args.partitionTokens), end = min(last + 1, (part + 1) * args.partitionTokens);
    const Slabs<device const KV_T *> slabs = SLABS;
    device const int * table = tables + (ulong)slots[row] * args.tableLength;

    float query[KEYS_A_LANE], out[VALUES_A_LANE];
    for (short i = 0; i < KEYS_A_LANE; ++i) {
        const uint e = i * SIMD + lane;
        query[i] = e < KEY ? q[((ulong)row * args.heads + head) * KEY + e] * args.scale : 0.0f;
    }
    for (short i = 0; i < VALUES_A_LANE; ++i) out[i] = 0.0f;
    float top = -INFINITY, sum = 0.0f;
    for (uint j = first + sg; j < end; j += GROUPS) {
        device const KV_T * block = block_of(slabs, table[j / args.blockTokens], args.blockStride);
        const ulong entry = (ulong)kv * args.blockTokens + j % args.blockTokens;
        device const KV_T * k = block + args.keyStart + entry * KEY;
        device const KV_T * v = block + args.valueStart + entry * VALUE;
        float score = 0.0f;
        for (short i = 0; i < KEYS_A_LANE; ++i) {
            const uint e = i * SIMD + lane;
            if (e < KEY) score += query[i] * (float)k[e];
        }
        score = cap_of(simd_sum(score), args.cap);
        const float next = max(top, score), old = exp(top - next), p = exp(score - next);
        sum = sum * old + p;
        for (short i = 0; i < VALUES_A_LANE; ++i) {
            const uint e = i * SIMD + lane;
            if (e < VALUE) out[i] = out[i] * old + p * (float)v[e];
        }
        top = next;
    }

    if (lane == 0) { tops[sg] = top; sums[sg] = sum; }
    for (short i = 0; i < VALUES_A_LANE; ++i) {
        const uint e = i * SIMD + lane;
        if (e < VALUE) outs[sg * VALUE + e] = out[i];
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    float m = -INFINITY, l = 0.0f;
    for (short g = 0; g < GROUPS; ++g) m = max(m, tops[g]);
    for (short g = 0; g < GROUPS; ++g) l += tops[g] == -INFINITY ? 0.0f : sums[g] * exp(tops[g] - m);
    const ulong target = (ulong)row * args.heads + head;
    device float * mine = parts + (target * args.partitions + at.z) * (VALUE + 2);
    for (uint e = tid; e < VALUE; e += GROUPS * SIMD) {
        float v = 0.0f;
        for (short g = 0; g < GROUPS; ++g) v += tops[g] == -INFINITY ? 0.0f : outs[g * VALUE + e] * exp(tops[g] - m);
        if (args.partitions == 1) put(y + target * VALUE, v, m, l, args, sinks, head, e);
        else mine[e] = v;
    }
    if (args.partitions > 1 && tid == 0) { mine[VALUE] = m; mine[VALUE + 1] = l; }
}

// One thread for each element.
kernel void attention_merge(device const float * parts [[buffer(0)]], device const float * sinks [[buffer(1)]], device float * y [[buffer(2)]], constant AttentionArguments & args [[buffer(3)]],
    uint3 at [[thread_position_in_grid]])
{
    if (at.x >= VALUE) return;
    const ulong target = (ulong)at.z * args.heads + at.y;
    device const float * all = parts + target * args.partitions * (VALUE + 2);
    float m = -INFINITY, l = 0.0f, v = 0.0f;
    for (uint p = 0; p < args.partitions; ++p) m = max(m, all[p * (VALUE + 2) + VALUE]);
    for (uint p = 0; p < args.partitions; ++p) {
        device const float * one = all + p * (VALUE + 2);
        if (one[VALUE] == -INFINITY) continue;
        const float f = exp(one[VALUE] - m);
        l += one[VALUE + 1] * f;
        v += one[at.x] * f;
    }
    put(y + target * VALUE, v, m, l, args, sinks, at.y, at.x);
}
