struct block_t { half d; half m; ushort qs[8]; };
static_assert(sizeof(block_t) == 20, "q4_1");

inline float block_dot(device const block_t * b, ushort il, thread const float * v, float4 s)
{
    return (float)b->d * nibble_dot(b->qs + il * 4, v) + (float)b->m * s.x;
}

inline void dequantize16(device const block_t * b, ushort il, thread float * y)
{
    for (short i = 0; i < 16; ++i) y[i] = (float)b->d * (float)nibble_of((b->qs[i / 2] >> (i % 2 * 8)) & 255, il) + (float)b->m;
}
