struct block_t { half d; half dmin; uchar scales[12]; ushort qs[64]; };
static_assert(sizeof(block_t) == 144, "q4_k");

inline float block_dot(device const block_t * b, ushort il, thread const float * v, float4 s)
{
    const uint pair = il / 4;
    const float2 dots = nibble_dots(b->qs + pair * 16 + il % 4 * 4, v), low = scale_of(b->scales, 2 * pair), high = scale_of(b->scales, 2 * pair + 1);
    return (float)b->d * (low.x * dots.x + high.x * dots.y) - (float)b->dmin * (low.y * s.x + high.y * s.y);
}

inline void dequantize16(device const block_t * b, ushort il, thread float * y)
{
    const uint g = il / 2;
    const float2 scale = scale_of(b->scales, g);
    device const uchar * q = (device const uchar *)b->qs + g / 2 * 32 + il % 2 * 16;
    for (short i = 0; i < 16; ++i) y[i] = (float)b->d * scale.x * (float)(g % 2 ? q[i] >> 4 : q[i] & 15) - (float)b->dmin * scale.y;
}
