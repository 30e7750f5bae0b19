struct block_t { half d; ushort qs[8]; };
static_assert(sizeof(block_t) == 18, "iq4_nl");

inline float block_dot(device const block_t * b, ushort il, thread const float * v, float4 s)
{
    return (float)b->d * level_dot((device const uchar *)b->qs + il * 8, v);
}

inline void dequantize16(device const block_t * b, ushort il, thread float * y)
{
    for (short i = 0; i < 16; ++i) y[i] = (float)b->d * levels[nibble_of((b->qs[i / 2] >> (i % 2 * 8)) & 255, il)];
}
