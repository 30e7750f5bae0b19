struct block_t { uchar e; uchar qs[16]; };
static_assert(sizeof(block_t) == 17, "mxfp4");

// 2^(e - 128); the levels are doubled. 2^-128 and 2^-127 are subnormal.
inline float scale_of(uint e) { return as_type<float>(e < 2 ? 0x00200000u << e : (e - 1) << 23); }

inline float block_dot(device const block_t * b, ushort il, thread const float * v, float4 s)
{
    return scale_of(b->e) * level_dot(b->qs + il * 8, v);
}

inline void dequantize16(device const block_t * b, ushort il, thread float * y)
{
    for (short i = 0; i < 16; ++i) y[i] = scale_of(b->e) * levels[nibble_of(b->qs[i], il)];
}
