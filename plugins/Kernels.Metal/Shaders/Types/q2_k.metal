struct block_t { uchar scales[16]; uchar qs[64]; half d; half dmin; };
static_assert(sizeof(block_t) == 84, "q2_k");

inline float block_dot(device const block_t * b, ushort il, thread const float * v, float4 s)
{
    const uint n = il / 8, part = il % 8;
    device const uchar * sc = b->scales + n * 8 + part / 4;
    const float4 d = pair_dots(b->qs + n * 32 + part * 4, v);
    const float scaled = d.x * (float)(sc[0] & 15) + d.y * (float)(sc[2] & 15) + d.z * (float)(sc[4] & 15) + d.w * (float)(sc[6] & 15);
    const float least = s.x * (float)(sc[0] >> 4) + s.y * (float)(sc[2] >> 4) + s.z * (float)(sc[4] >> 4) + s.w * (float)(sc[6] >> 4);
    return (float)b->d * scaled - (float)b->dmin * least;
}

inline void dequantize16(device const block_t * b, ushort il, thread float * y)
{
    const uint n = il / 8, k = il % 8 / 2, sc = b->scales[il];
    device const uchar * q = b->qs + n * 32 + il % 2 * 16;
    for (short i = 0; i < 16; ++i) y[i] = (float)b->d * (float)(sc & 15) * (float)(q[i] >> (2 * k) & 3) - (float)b->dmin * (float)(sc >> 4);
}
