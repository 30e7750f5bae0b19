// The super-blocks whose 256 values are eight groups of 32 with a 6-bit scale and minimum each: groups 2p and 2p + 1 are the low and the high nibbles of 32 bytes. Sixteen lanes, 8 bytes each.

#define VALUES 256
#define LANES 16

// The first sum is of the lane's activations of the low group, the second of the high one. The factors are those of the masked nibbles.
inline float4 gather(device const float * x, ushort il, thread float * v)
{
    device const float * p = x + il / 4 * 64 + il % 4 * 8;
    float4 s = float4(0.0f);
    for (short i = 0; i < 8; i += 2) {
        s.x += p[i] + p[i + 1];
        s.y += p[i + 32] + p[i + 33];
        v[i] = p[i];
        v[i + 1] = p[i + 1] * (1.0f / 256);
        v[i + 8] = p[i + 32] * (1.0f / 16);
        v[i + 9] = p[i + 33] * (1.0f / 4096);
    }
    return s;
}

// x is the scale of group g, y its minimum. Groups 4–7 keep their upper bits in the bytes of groups 0–3.
inline float2 scale_of(device const uchar * p, uint g)
{
    if (g < 4) return float2((float)(p[g] & 63), (float)(p[g + 4] & 63));
    return float2((float)((p[g + 4] & 15) | (p[g - 4] >> 6) << 4), (float)(p[g + 4] >> 4 | (p[g] >> 6) << 4));
}

inline float2 nibble_dots(device const ushort * q, thread const float * v)
{
    float low = 0.0f, high = 0.0f;
    for (short i = 0; i < 8; i += 2) {
        const uint w = q[i / 2];
        low += v[i] * (float)(w & 0x000F) + v[i + 1] * (float)(w & 0x0F00);
        high += v[i + 8] * (float)(w & 0x00F0) + v[i + 9] * (float)(w & 0xF000);
    }
    return float2(low, high);
}
