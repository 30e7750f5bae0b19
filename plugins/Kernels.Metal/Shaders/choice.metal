// The best few of a row in order; of equal values the lower number comes first. A threadgroup of choose_parts takes PART values and keeps the best of them, one of choose takes what all parts of a row have kept.
// What is NaN or +∞ is +∞ with number −1 here, before everything else: it comes out first. A part stays in registers, however many are asked for.

#define THREADS 256
#define HELD 16
#define PART (THREADS * HELD)

inline bool before(float a, int i, float b, int j) { return a > b || (a == b && i < j); }

// The best of what the threads have; every thread gets it.
inline void best_of_all(thread float & best, thread int & which, threadgroup float * values, threadgroup int * numbers, ushort lane, ushort sg)
{
    for (ushort d = SIMD / 2; d > 0; d /= 2) {
        const float v = simd_shuffle_xor(best, d);
        const int n = simd_shuffle_xor(which, d);
        if (before(v, n, best, which)) { best = v; which = n; }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (lane == 0) { values[sg] = best; numbers[sg] = which; }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (ushort g = 0; g < THREADS / SIMD; ++g)
        if (before(values[g], numbers[g], best, which)) { best = values[g]; which = numbers[g]; }
}

// rows are the rows of x that are asked, counts how many of each; args.count is the most, and the stride of what is kept.
kernel void choose_parts(device const float * x [[buffer(0)]], device const int * rows [[buffer(1)]], device const int * counts [[buffer(2)]], device float * kept [[buffer(3)]], device int * tokens [[buffer(4)]],
    constant TopArguments & args [[buffer(5)]], uint2 at [[threadgroup_position_in_grid]], ushort tid [[thread_index_in_threadgroup]], ushort lane [[thread_index_in_simdgroup]], ushort sg [[simdgroup_index_in_threadgroup]])
{
    threadgroup float values[SIMD];
    threadgroup int numbers[SIMD];
    device const float * mine = x + (ulong)rows[at.y] * args.width;
    const int first = (int)(at.x * PART + tid), count = counts[at.y];
    float v[HELD];
    for (short h = 0; h < HELD; ++h) {
        const uint i = (uint)(first + h * THREADS);
        v[h] = i < args.width ? mine[i] : -INFINITY;
        if (!(v[h] < INFINITY)) v[h] = INFINITY;
    }
    const ulong target = ((ulong)at.y * args.parts + at.x) * args.count;
    float last = INFINITY;
    int number = -2;
    for (int n = 0; n < count; ++n) {
        float best = -INFINITY;
        int which = INT_MAX;
        for (short h = 0; h < HELD; ++h) {
            const int i = v[h] == INFINITY ? -1 : first + h * THREADS;
            if (before(last, number, v[h], i) && before(v[h], i, best, which)) { best = v[h]; which = i; }
        }
        best_of_all(best, which, values, numbers, lane, sg);
        if (tid == 0) { kept[target + n] = best; tokens[target + n] = which; }
        last = best;
        number = which;
    }
}

// y is a token and its value for each of the best.
kernel void choose(device const float * kept [[buffer(0)]], device const int * tokens [[buffer(1)]], device const int * counts [[buffer(2)]], device uint2 * y [[buffer(3)]], constant TopArguments & args [[buffer(4)]],
    uint row [[threadgroup_position_in_grid]], ushort tid [[thread_index_in_threadgroup]], ushort lane [[thread_index_in_simdgroup]], ushort sg [[simdgroup_index_in_threadgroup]])
{
    threadgroup float values[SIMD];
    threadgroup int numbers[SIMD];
    const uint count = (uint)counts[row], all = args.parts * count;
    const ulong first = (ulong)row * args.parts * args.count;
    float last = INFINITY;
    int number = -2;
    for (uint n = 0; n < count; ++n) {
        float best = -INFINITY;
        int which = INT_MAX;
        for (uint i = tid; i < all; i += THREADS) {
            const ulong from = first + (ulong)(i / count) * args.count + i % count;
            if (before(last, number, kept[from], tokens[from]) && before(kept[from], tokens[from], best, which)) { best = kept[from]; which = tokens[from]; }
        }
        best_of_all(best, which, values, numbers, lane, sg);
        if (tid == 0) y[(ulong)row * args.count + n] = uint2((uint)which, as_type<uint>(best));
        last = best;
        number = which;
    }
}
