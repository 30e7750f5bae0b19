// Norms of rows or of equal groups of them, and the same of a sum that is stored on the way. One threadgroup for each group of each row.

inline float total(float value, threadgroup float * partial, ushort lane, ushort sg, ushort simdgroups)
{
    value = simd_sum(value);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (lane == 0) partial[sg] = value;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    return simd_sum(lane < simdgroups ? partial[lane] : 0.0f);
}

// 1 / the root of the mean square; for centered ones of what is left after the mean is taken away, which is returned beside it.
inline float2 moments(device const float * x, uint length, float epsilon, bool centered, threadgroup float * partial, ushort tid, ushort lane, ushort sg, ushort simdgroups, uint threads)
{
    float mean = 0.0f;
    if (centered) {
        for (uint i = tid; i < length; i += threads) mean += x[i];
        mean = total(mean, partial, lane, sg, simdgroups) / (float)length;
    }
    float squares = 0.0f;
    for (uint i = tid; i < length; i += threads) { const float v = x[i] - mean; squares += v * v; }
    squares = total(squares, partial, lane, sg, simdgroups);
    return float2(mean, 1.0f / sqrt(squares / (float)length + epsilon));
}

inline void scale_row(device const float * x, device float * y, device const float * weight, device const float * bias, constant NormArguments & args, uint group, float2 m, ushort tid, uint threads)
{
    const uint first = args.sharesWeight ? 0 : group * args.length;
    for (uint i = tid; i < args.length; i += threads) {
        float v = (x[i] - m.x) * m.y * weight[first + i];
        if (args.hasBias) v += bias[first + i];
        y[i] = v;
    }
}

#define NORM(NAME, CENTERED) \
kernel void NAME(device const float * x [[buffer(0)]], device const float * weight [[buffer(1)]], device const float * bias [[buffer(2)]], device float * y [[buffer(3)]], \
    constant NormArguments & args [[buffer(4)]], uint2 at [[threadgroup_position_in_grid]], ushort tid [[thread_index_in_threadgroup]], ushort lane [[thread_index_in_simdgroup]], \
    ushort sg [[simdgroup_index_in_threadgroup]], ushort simdgroups [[simdgroups_per_threadgroup]]) \
{ \
    threadgroup float partial[SIMD]; \
    const uint threads = (uint)simdgroups * SIMD; \
    const ulong start = ((ulong)at.y * args.groups + at.x) * args.length; \
    const float2 m = moments(x + start, args.length, args.epsilon, CENTERED, partial, tid, lane, sg, simdgroups, threads); \
    scale_row(x + start, y + start, weight, bias, args, at.x, m, tid, threads); \
}

// The sum is read back by the threads that wrote it.
#define ADD_NORM(NAME, CENTERED) \
kernel void NAME(device const float * a [[buffer(0)]], device const float * b [[buffer(1)]], device float * sum [[buffer(2)]], device const float * weight [[buffer(3)]], device const float * bias [[buffer(4)]], device float * y [[buffer(5)]], \
    constant NormArguments & args [[buffer(6)]], uint2 at [[threadgroup_position_in_grid]], ushort tid [[thread_index_in_threadgroup]], ushort lane [[thread_index_in_simdgroup]], \
    ushort sg [[simdgroup_index_in_threadgroup]], ushort simdgroups [[simdgroups_per_threadgroup]]) \
{ \
    threadgroup float partial[SIMD]; \
    const uint threads = (uint)simdgroups * SIMD; \
    const ulong start = (ulong)at.y * args.length; \
    for (uint i = tid; i < args.length; i += threads) sum[start + i] = a[start + i] + b[start + i]; \
    const float2 m = moments(sum + start, args.length, args.epsilon, CENTERED, partial, tid, lane, sg, simdgroups, threads); \
    scale_row(sum + start, y + start, weight, bias, args, at.x, m, tid, threads); \
}

NORM(rms_norm, false)
NORM(layer_norm, true)
ADD_NORM(add_rms_norm, false)
ADD_NORM(add_layer_norm, true)
