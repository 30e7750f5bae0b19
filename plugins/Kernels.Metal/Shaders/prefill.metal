// Paged attention of queries that follow one another: one threadgroup for each head and each tile of up to 8 rows of a sequence. KEYS keys at a time by matrices of a simdgroup, with a running maximum and sum for each query (arXiv 1805.02867).
// Keys and then values come into threadgroup memory by the block table. Behind the tile's last entry they are zeros: a block may hold anything there, and nothing times NaN is NaN. KEYS is what the memory has room for, at most 32.

#define QUERIES 8
#define GROUPS 4
#define KEY8 ((KEY + 7) / 8 * 8)
#define VALUE8 ((VALUE + 7) / 8 * 8)
#define TILES ((VALUE8 / 8 + GROUPS - 1) / GROUPS)

inline void bring(thread const Slabs<device const KV_T *> & slabs, device const int * table, ulong start, uint kv, uint first, uint end, uint length, uint padded, constant AttentionArguments & args, threadgroup KV_T * to, ushort tid)
{
    for (uint i = tid; i < KEYS * padded; i += GROUPS * SIMD) {
        const uint j = first + i / padded, e = i % padded;
        KV_T v = (KV_T)0.0f;
        if (j < end && e < length) v = block_of(slabs, table[j / args.blockTokens], args.blockStride)[start + ((ulong)kv * args.blockTokens + j % args.blockTokens) * length + e];
        to[i] = v;
    }
}

inline uint first_seen(uint index, uint window) { return window > 0 && index + 1 > window ? index + 1 - window : 0; }

// tiles are pairs of a first row and a number of rows.
kernel void prefill(device const float * q [[buffer(0)]], CACHE(device const KV_T *), device const int * slots [[buffer(2)]], device const int * indices [[buffer(3)]], device const int * tables [[buffer(4)]],
    device const float * sinks [[buffer(5)]], device const int * tiles [[buffer(6)]], device float * y [[buffer(7)]], constant AttentionArguments & args [[buffer(8)]], threadgroup char * memory [[threadgroup(0)]],
    uint2 at [[threadgroup_position_in_grid]], ushort tid [[thread_index_in_threadgroup]], ushort lane [[thread_index_in_simdgroup]], ushort sg [[simdgroup_index_in_threadgroup]])
{
    threadgroup float scores[QUERIES * KEYS];
    threadgroup KV_T weights[QUERIES * KEYS];
    threadgroup float factors[QUERIES * 8];
    threadgroup float tops[QUERIES];
    threadgroup float sums[QUERIES];
    threadgroup KV_T * queries = (threadgroup KV_T *)memory;       // [QUERIES][KEY8]
    threadgroup KV_T * entries = queries + QUERIES * KEY8;         // [KEYS][KEY8], then [KEYS][VALUE8]
    const uint head = at.x, kv = head / (args.heads / args.keyHeads), row = (uint)tiles[2 * at.y], count = (uint)tiles[2 * at.y + 1];
    const Slabs<device const KV_T *> slabs = SLABS;
    device const int * table = tables + (ulong)slots[row] * args.tableLength;
    const uint end = (uint)indices[row + count - 1] + 1;

    for (uint i = tid; i < QUERIES * KEY8; i += GROUPS * SIMD) {
        const uint r = i / KEY8, e = i % KEY8;
        KV_T v = (KV_T)0.0f;
        if (r < count && e < KEY) v = (KV_T)q[((ulong)(row + r) * args.heads + head) * KEY + e];
        queries[i] = v;
    }
    simdgroup_float8x8 out[TILES];
    for (short n = 0; n < TILES; ++n) out[n] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
    float top[2], sum[2];
    for (short n = 0; n < 2; ++n) { top[n] = -INFINITY; sum[n] = 0.0f; }

    for (uint j = first_seen((uint)indices[row], args.window); j < end; j += KEYS) {
        bring(slabs, table, args.keyStart, kv, j, end, KEY, KEY8, args, entries, tid);
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (ushort t = sg; t < KEYS / 8; t += GROUPS) {
            simdgroup_float8x8 s = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
            for (ushort k = 0; k < KEY8; k += 8) {
                simdgroup_matrix<KV_T, 8, 8> a, b;
                simdgroup_load(a, queries + k, KEY8);
                simdgroup_load(b, entries + t * 8 * KEY8 + k, KEY8, ulong2(0), true);
                simdgroup_multiply_accumulate(s, a, b, s);
            }
            simdgroup_store(s, scores + t * 8, KEYS);
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        bring(slabs, table, args.valueStart, kv, j, end, VALUE, VALUE8, args, entries, tid);
        // Two queries for each simdgroup, a lane for each key.
        for (short n = 0; n < 2; ++n) {
            const uint r = sg + n * GROUPS, entry = j + lane, index = r < count ? (uint)indices[row + r] : 0;
            const bool visible = r < count && lane < KEYS && entry <= index && entry >= first_seen(index, args.window);
            const float score = visible ? cap_of(scores[r * KEYS + lane] * args.scale, args.cap) : -INFINITY;
            const float next = max(top[n], simd_max(score)), old = top[n] == -INFINITY ? 0.0f : exp(top[n] - next);
            const KV_T weight = (KV_T)(visible ? exp(score - next) : 0.0f);
            sum[n] = sum[n] * old + simd_sum((float)weight);
            if (lane < KEYS) weights[r * KEYS + lane] = weight;
            if (lane < 8) factors[r * 8 + lane] = lane == r ? old : 0.0f;
            top[n] = next;
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        simdgroup_float8x8 factor;
        simdgroup_load(factor, factors, 8);
        for (short n = 0; n < TILES; ++n) {
            const ushort t = sg + n * GROUPS;
            if (t >= VALUE8 / 8) continue;
            simdgroup_multiply(out[n], factor, out[n]);
            for (ushort k = 0; k < KEYS; k += 8) {
                simdgroup_matrix<KV_T, 8, 8> a, b;
                simdgroup_load(a, weights + k, KEYS);
                simdgroup_load(b, entries + k * VALUE8 + t * 8, VALUE8);
                simdgroup_multiply_accumulate(out[n], a, b, out[n]);
            }
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }

    threadgroup float * tile = (threadgroup float *)memory;        // [QUERIES][VALUE8]
    for (short n = 0; n < TILES; ++n) {
        const ushort t = sg + n * GROUPS;
        if (t < VALUE8 / 8) simdgroup_store(out[n], tile + t * 8, VALUE8);
    }
    if (lane == 0) for (short n = 0; n < 2; ++n) { tops[sg + n * GROUPS] = top[n]; sums[sg + n * GROUPS] = sum[n]; }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint i = tid; i < count * VALUE; i += GROUPS * SIMD) {
        const uint r = i / VALUE, e = i % VALUE;
        put(y + ((ulong)(row + r) * args.heads + head) * VALUE, tile[r * VALUE8 + e], tops[r], sums[r], args, sinks, head, e);
    }
}
