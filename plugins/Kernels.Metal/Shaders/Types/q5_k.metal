struct block_t { half d; half dmin; uchar scales[12]; uchar qh[32]; ushort qs[64]; };
static_assert(sizeof(block_t) == 176, "q5_k");

// Bit g of byte i of qh is the fifth bit of value i of group g.
inline float block_dot(device const block_t * b, ushort il, thread const float * v, float4 s)
{
    const uint pair = il / 4;
    device const uchar * h = b->qh + il % 4 * 8;
    float2 dots = nibble_dots(b->qs + pair * 16 + il % 4 * 4, v);
    for (short i = 0; i < 8; i += 2) {
        const uint one = h[i] >> (2 * pair), two = h[i + 1] >> (2 * pair);
        dots.x += ((one & 1) ? v[i] * 16.0f : 0.0f) + ((two & 1) ? v[i + 1] * 4096.0f : 0.0f);
        dots.y += ((one & 2) ? v[i + 8] * 256.0f : 0.0f) + ((two & 2) ? v[i + 9] * 65536.0f : 0.0f);
    }
    const float2 low = scale_of(b->scales, 2 * pair), high = scale_of(b->scales, 2 * pair + 1);
    return (float)b->d * (low.x * dots.x + high.x * dots.y) - (float)b->dmin * (low.y * s.x + high.y * s.y);
}

inline void dequantize16(device const block_t * b, ushort il, thread float * y)
{
    const uint g = il / 2;
    const float2 scale = scale_of(b->scales, g);
    device const uchar * q = (device const uchar *)b->qs + g / 2 * 32 + il % 2 * 16;
    device const uchar * h = b->qh + il % 2 * 16;
    for (short i = 0; i < 16; ++i) {
        const uint u = (g % 2 ? q[i] >> 4 : q[i] & 15) | (h[i] >> g & 1) << 4;
        y[i] = (float)b->d * scale.x * (float)u - (float)b->dmin * scale.y;
    }
}
