// The super-blocks that keep values by fours: of each half of 128 values, value 32k + l of the half is in bits that byte l of its part holds for k = 0 … 3. Sixteen lanes: 8 for each half, 4 bytes each.

#define VALUES 256
#define LANES 16

// v[4k + j] belongs to value 32k + 4 · part + j of the half; sum k is of its four.
inline float4 gather(device const float * x, ushort il, thread float * v)
{
    device const float * p = x + il / 8 * 128 + il % 8 * 4;
    float4 s = float4(0.0f);
    for (short j = 0; j < 4; ++j) {
        v[j] = p[j];
        v[j + 4] = p[j + 32];
        v[j + 8] = p[j + 64];
        v[j + 12] = p[j + 96];
        s += float4(v[j], v[j + 4], v[j + 8], v[j + 12]);
    }
    return s;
}

// The 2-bit values of a lane's bytes, masked where they stand and brought to their size once.
inline float4 pair_dots(device const uchar * q, thread const float * v)
{
    float4 d = float4(0.0f);
    for (short j = 0; j < 4; ++j) {
        const uint w = q[j];
        d += float4(v[j] * (float)(w & 3), v[j + 4] * (float)(w & 12), v[j + 8] * (float)(w & 48), v[j + 12] * (float)(w & 192));
    }
    return d * float4(1.0f, 0.25f, 0.0625f, 0.015625f);
}
