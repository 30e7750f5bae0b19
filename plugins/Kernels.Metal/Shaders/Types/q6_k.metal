struct block_t { uchar ql[128]; uchar qh[64]; int8_t scales[16]; half d; };
static_assert(sizeof(block_t) == 210, "q6_k");

// Of each half: low nibbles of bytes 0–31 and 32–63 are the values 0–63, high ones 64–127; two more bits of each are in qh.
inline float block_dot(device const block_t * b, ushort il, thread const float * v, float4 s)
{
    const uint n = il / 8, part = il % 8;
    device const uchar * l = b->ql + n * 64 + part * 4;
    device const uchar * h = b->qh + n * 32 + part * 4;
    device const int8_t * sc = b->scales + n * 8 + part / 4;
    float4 d = s * -32.0f;
    for (short j = 0; j < 4; ++j) {
        const uint a = l[j], c = l[j + 32], t = h[j];
        d += float4(v[j] * (float)((a & 15) | (t & 3) << 4), v[j + 4] * (float)((c & 15) | (t & 12) << 2), v[j + 8] * (float)(a >> 4 | (t & 48)), v[j + 12] * (float)(c >> 4 | (t & 192) >> 2));
    }
    return (float)b->d * (d.x * (float)sc[0] + d.y * (float)sc[2] + d.z * (float)sc[4] + d.w * (float)sc[6]);
}

inline void dequantize16(device const block_t * b, ushort il, thread float * y)
{
    const uint n = il / 8, k = il % 8 / 2;
    device const uchar * l = b->ql + n * 64 + k % 2 * 32 + il % 2 * 16;
    device const uchar * h = b->qh + n * 32 + il % 2 * 16;
    const float scale = (float)b->d * (float)b->scales[il];
    for (short i = 0; i < 16; ++i) y[i] = scale * ((float)((k < 2 ? l[i] & 15 : l[i] >> 4) | (h[i] >> (2 * k) & 3) << 4) - 32.0f);
}
