#define VALUES 256
#define LANES 16

struct block_t { half d; ushort scales_h; uchar scales_l[4]; uchar qs[128]; };
static_assert(sizeof(block_t) == 136, "iq4_xs");

// Two lanes share a group of 32 values: low nibbles of its sixteen bytes are the first 16.
inline float scale_of(device const block_t * b, uint g)
{
    const uint s = (b->scales_l[g / 2] >> (g % 2 * 4) & 15) | (b->scales_h >> (g * 2) & 3) << 4;
    return (float)b->d * ((float)s - 32.0f);
}

inline float4 gather(device const float * x, ushort il, thread float * v)
{
    device const float * p = x + il / 2 * 32 + il % 2 * 8;
    for (short i = 0; i < 8; ++i) { v[i] = p[i]; v[i + 8] = p[i + 16]; }
    return float4(0.0f);
}

inline float block_dot(device const block_t * b, ushort il, thread const float * v, float4 s)
{
    device const uchar * q = b->qs + il * 8;
    float sum = s.x;
    for (short i = 0; i < 8; ++i) sum += v[i] * levels[q[i] & 15] + v[i + 8] * levels[q[i] >> 4];
    return scale_of(b, il / 2) * sum;
}

inline void dequantize16(device const block_t * b, ushort il, thread float * y)
{
    const float d = scale_of(b, il / 2);
    device const uchar * q = b->qs + il / 2 * 16;
    for (short i = 0; i < 16; ++i) y[i] = d * levels[il % 2 ? q[i] >> 4 : q[i] & 15];
}
