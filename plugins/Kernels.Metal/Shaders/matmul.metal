// Y = X · Wᵀ by tiles of 32 activation rows × 64 weight rows, 32 columns at a time, in half: 4 simdgroups, each 16 × 32 of the result in 8 accumulators.
// Both tiles lie as 8 × 8 blocks, each contiguous. Edges are zeros on the way in and masked on the way out.

// Leaves the tile of rows × inputs, at most 64 × 32, in memory, [32][64]. w is its first row; the rows of x follow one another, or stand in a list of products, of which each row of x has shares.
template<bool LISTED> inline void multiply_tile(weights_t w, ulong row, uint rows, device const float * x, uint stride, uint inputs, device const int * list, uint shares, uint columns, threadgroup char * memory, ushort tid, ushort sg)
{
    threadgroup half * tw = (threadgroup half *)memory;            // 8 × 4 blocks: [n / 8][k / 8]
    threadgroup half * tx = (threadgroup half *)(memory + 4096);   // 4 × 4 blocks: [m / 8][k / 8]
    const ushort n = tid / 2, kw = tid % 2, m = tid / 4, kx = tid % 4;
    const ushort sn = (sg % 2) * 4, sm = (sg / 2) * 2;
    const uint input = m >= inputs ? 0 : LISTED ? (uint)list[m] / shares : m;

    simdgroup_float8x8 sums[8];
    for (short i = 0; i < 8; ++i) sums[i] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);

    for (uint k = 0; k < columns; k += 32) {
        float v[16];
        if (n < rows) load16(w, row + n, k / 16 + kw, columns, v);
        else for (short i = 0; i < 16; ++i) v[i] = 0.0f;
        threadgroup half * pw = tw + ((n / 8) * 4 + kw * 2) * 64 + (n % 8) * 8;
        for (short i = 0; i < 16; ++i) pw[(i / 8) * 64 + i % 8] = (half)v[i];
        threadgroup half * px = tx + ((m / 8) * 4 + kx) * 64 + (m % 8) * 8;
        const uint first = k + kx * 8;
        for (short i = 0; i < 8; ++i)
            px[i] = m < inputs && first + i < columns ? (half)x[(ulong)input * stride + first + i] : (half)0.0f;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (short kb = 0; kb < 4; ++kb) {
            simdgroup_half8x8 a[2], b[4];
            for (short i = 0; i < 2; ++i) simdgroup_load(a[i], tx + ((sm + i) * 4 + kb) * 64, 8);
            for (short j = 0; j < 4; ++j) simdgroup_load(b[j], tw + ((sn + j) * 4 + kb) * 64, 8, ulong2(0), true);
            for (short i = 0; i < 2; ++i)
                for (short j = 0; j < 4; ++j) simdgroup_multiply_accumulate(sums[i * 4 + j], a[i], b[j], sums[i * 4 + j]);
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }

    threadgroup float * tile = (threadgroup float *)memory;
    for (short i = 0; i < 2; ++i)
        for (short j = 0; j < 4; ++j) simdgroup_store(sums[i * 4 + j], tile + (sm + i) * 8 * 64 + (sn + j) * 8, 64);
    threadgroup_barrier(mem_flags::mem_threadgroup);
}

kernel void matmul(weights_t w [[buffer(0)]], device const float * x [[buffer(1)]], device const float * bias [[buffer(2)]], device const float * residual [[buffer(3)]], device float * y [[buffer(4)]],
    constant ProductArguments & args [[buffer(5)]], threadgroup char * memory [[threadgroup(0)]], uint3 at [[threadgroup_position_in_grid]], ushort tid [[thread_index_in_threadgroup]], ushort sg [[simdgroup_index_in_threadgroup]])
{
    const uint n0 = at.x * 64, m0 = at.y * 32, rows = min(args.rows - n0, 64u), inputs = min(args.inputs - m0, 32u);
    multiply_tile<false>(w, (ulong)at.z * args.rows + n0, rows, x + (ulong)m0 * args.inputStride + at.z * args.columns, args.inputStride, inputs, (device const int *)x, 1, args.columns, memory, tid, sg);
    threadgroup const float * tile = (threadgroup const float *)memory;
    for (ushort i = tid; i < 2048; i += 128)
        if (i % 64u < rows && i / 64u < inputs) finish(tile[i], n0 + i % 64, n0 + i % 64, m0 + i / 64, bias, residual, y + at.z * args.rows, args);
}

// The same with the matrices of experts: a tile has products of one expert, from a list that is sorted by expert. tiles are an expert, its first place in the list and a number of products; their number stands before them.
kernel void matmul_experts(weights_t w [[buffer(0)]], device const float * x [[buffer(1)]], device const float * bias [[buffer(2)]], device const int * list [[buffer(3)]], device float * y [[buffer(4)]],
    constant ProductArguments & args [[buffer(5)]], device const int * tiles [[buffer(6)]], threadgroup char * memory [[threadgroup(0)]], uint2 at [[threadgroup_position_in_grid]], ushort tid [[thread_index_in_threadgroup]],
    ushort sg [[simdgroup_index_in_threadgroup]])
{
    if (at.y >= (uint)tiles[0]) return;
    device const int * mine = tiles + 1 + 3 * at.y;
    const uint n0 = at.x * 64, rows = min(args.rows - n0, 64u), expert = (uint)mine[0], inputs = (uint)mine[2];
    device const int * products = list + mine[1];
    multiply_tile<true>(w, (ulong)expert * args.rows + n0, rows, x, args.inputStride, inputs, products, args.inputs > 1 ? 1 : args.used, args.columns, memory, tid, sg);
    threadgroup const float * tile = (threadgroup const float *)memory;
    for (ushort i = tid; i < 2048; i += 128)
        if (i % 64u < rows && i / 64u < inputs) finish(tile[i], n0 + i % 64, expert * args.rows + n0 + i % 64, (uint)products[i / 64], bias, x, y, args);
}
