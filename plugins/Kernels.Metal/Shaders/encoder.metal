// Attention among the rows of a batch, without a cache: one threadgroup for each head of each row, whose simdgroups take keys by turns, each with a running maximum and sum (arXiv 1805.02867).
// spans are pairs for each row: its sequence's first row and the one behind the last; args.window is how far a row sees to either side, 0 for all of its sequence.

#define KEYS_A_LANE ((KEY + SIMD - 1) / SIMD)
#define VALUES_A_LANE ((VALUE + SIMD - 1) / SIMD)
#define GROUPS 4

kernel void attend_rows(device const float * q [[buffer(0)]], device const float * keys [[buffer(1)]], device const float * values [[buffer(2)]], device const int * spans [[buffer(3)]], device float * y [[buffer(4)]],
    constant AttentionArguments & args [[buffer(5)]], uint2 at [[threadgroup_position_in_grid]], ushort tid [[thread_index_in_threadgroup]], ushort lane [[thread_index_in_simdgroup]], ushort sg [[simdgroup_index_in_threadgroup]])
{
    threadgroup float tops[GROUPS];
    threadgroup float sums[GROUPS];
    threadgroup float outs[GROUPS * VALUE];
    const uint head = at.x, row = at.y, kv = head / (args.heads / args.keyHeads);
    uint first = (uint)spans[2 * row], end = (uint)spans[2 * row + 1];
    if (args.window > 0) {
        first = max(first, row - min(row, args.window));
        end = min(end, row + args.window + 1);
    }

    float query[KEYS_A_LANE], out[VALUES_A_LANE];
    for (short i = 0; i < KEYS_A_LANE; ++i) {
        const uint e = i * SIMD + lane;
        query[i] = e < KEY ? q[((ulong)row * args.heads + head) * KEY + e] * args.scale : 0.0f;
    }
    for (short i = 0; i < VALUES_A_LANE; ++i) out[i] = 0.0f;
    float top = -INFINITY, sum = 0.0f;
    for (uint j = first + sg; j < end; j += GROUPS) {
        device const float * k = keys + ((ulong)j * args.keyHeads + kv) * KEY;
        device const float * v = values + ((ulong)j * args.keyHeads + kv) * VALUE;
        float score = 0.0f;
        for (short i = 0; i < KEYS_A_LANE; ++i) {
            const uint e = i * SIMD + lane;
            if (e < KEY) score += query[i] * k[e];
        }
        score = simd_sum(score);
        const float next = max(top, score), old = exp(top - next), p = exp(score - next);
        sum = sum * old + p;
        for (short i = 0; i < VALUES_A_LANE; ++i) {
            const uint e = i * SIMD + lane;
            if (e < VALUE) out[i] = out[i] * old + p * v[e];
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
    for (uint e = tid; e < VALUE; e += GROUPS * SIMD) {
        float v = 0.0f;
        for (short g = 0; g < GROUPS; ++g) v += tops[g] == -INFINITY ? 0.0f : outs[g * VALUE + e] * exp(tops[g] - m);
        y[((ulong)row * args.heads + head) * VALUE + e] = v / l;
    }
}
