struct block_t { half d; ushort qh[2]; ushort qs[8]; };
static_assert(sizeof(block_t) == 22, "q5_0");

inline uint fifth_bits(device const block_t * b) { return b->qh[0] | (uint)b->qh[1] << 16; }

inline float block_dot(device const block_t * b, ushort il, thread const float * v, float4 s)
{
    return (float)b->d * (nibble_dot(b->qs + il * 4, v) + fifth_bits_dot(fifth_bits(b), il, v) - 16.0f * s.x);
}

inline void dequantize16(device const block_t * b, ushort il, thread float * y)
{
    const uint bits = fifth_bits(b) >> (il * 16);
    for (short i = 0; i < 16; ++i) y[i] = (float)b->d * ((float)(nibble_of((b->qs[i / 2] >> (i % 2 * 8)) & 255, il) | (bits >> i & 1) << 4) - 16.0f);
}
