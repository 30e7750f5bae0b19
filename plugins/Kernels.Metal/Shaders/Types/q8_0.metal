#define VALUES 32
#define LANES 2

struct block_t { half d; int8_t qs[32]; };
static_assert(sizeof(block_t) == 34, "q8_0");

inline float4 gather(device const float * x, ushort il, thread float * v)
{
    for (short i = 0; i < 16; ++i) v[i] = x[il * 16 + i];
    return float4(0.0f);
}

inline float block_dot(device const block_t * b, ushort il, thread const float * v, float4 s)
{
    device const int8_t * q = b->qs + il * 16;
    float sum = s.x;
    for (short i = 0; i < 16; ++i) sum += v[i] * (float)q[i];
    return (float)b->d * sum;
}

inline void dequantize16(device const block_t * b, ushort il, thread float * y)
{
    for (short i = 0; i < 16; ++i) y[i] = (float)b->d * (float)b->qs[il * 16 + i];
}
