struct block_t { uchar hmask[32]; uchar qs[64]; uchar scales[12]; half d; };
static_assert(sizeof(block_t) == 110, "q3_k");

// Bytes 0–7 hold the low four bits of the scales, 8–11 two more of four scales each.
inline float scale_of(device const block_t * b, uint g)
{
    const uint low = g < 8 ? b->scales[g] & 15 : b->scales[g - 8] >> 4;
    return (float)(low | (b->scales[8 + g % 4] >> (g / 4 * 2) & 3) << 4) - 32.0f;
}

// 4 less where the third bit is clear: 4 for each set bit, and 4 · the sum less.
inline float block_dot(device const block_t * b, ushort il, thread const float * v, float4 s)
{
    const uint n = il / 8, part = il % 8, g = n * 8 + part / 4;
    float4 d = pair_dots(b->qs + n * 32 + part * 4, v) - 4.0f * s;
    for (short j = 0; j < 4; ++j) {
        const uint h = b->hmask[part * 4 + j] >> (n * 4);
        d += float4((h & 1) ? v[j] * 4.0f : 0.0f, (h & 2) ? v[j + 4] * 4.0f : 0.0f, (h & 4) ? v[j + 8] * 4.0f : 0.0f, (h & 8) ? v[j + 12] * 4.0f : 0.0f);
    }
    return (float)b->d * (d.x * scale_of(b, g) + d.y * scale_of(b, g + 2) + d.z * scale_of(b, g + 4) + d.w * scale_of(b, g + 6));
}

inline void dequantize16(device const block_t * b, ushort il, thread float * y)
{
    const uint n = il / 8, k = il % 8 / 2;
    const float scale = (float)b->d * scale_of(b, il);
    device const uchar * q = b->qs + n * 32 + il % 2 * 16;
    device const uchar * h = b->hmask + il % 2 * 16;
    for (short i = 0; i < 16; ++i) y[i] = scale * ((float)(q[i] >> (2 * k) & 3) - ((h[i] >> (n * 4 + k) & 1) ? 0.0f : 4.0f));
}
