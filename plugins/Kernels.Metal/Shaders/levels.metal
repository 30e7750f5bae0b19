// Blocks whose 32 values are sixteen bytes of nibbles that stand for levels; the table comes from the type.

#define VALUES 32
#define LANES 2

inline float4 gather(device const float * x, ushort il, thread float * v)
{
    for (short i = 0; i < 8; ++i) { v[i] = x[il * 8 + i]; v[i + 8] = x[il * 8 + i + 16]; }
    return float4(0.0f);
}

inline float level_dot(device const uchar * q, thread const float * v)
{
    float sum = 0.0f;
    for (short i = 0; i < 8; ++i) sum += v[i] * levels[q[i] & 15] + v[i + 8] * levels[q[i] >> 4];
    return sum;
}

inline uint nibble_of(uint byte, ushort il) { return il == 0 ? byte & 15 : byte >> 4; }
