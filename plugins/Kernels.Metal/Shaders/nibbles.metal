// Blocks whose 32 values are sixteen bytes: low nibbles are values 0–15, high ones 16–31. Nibbles are masked where they stand in a 16-bit word and not shifted: the activations carry the factors 1, 1/256, 1/16 and 1/4096.

#define VALUES 32
#define LANES 2

// A lane's 8 bytes: v[0–7] belong to the low nibbles, v[8–15] to the high ones. The first sum is of all.
inline float4 gather(device const float * x, ushort il, thread float * v)
{
    device const float * p = x + il * 8;
    float4 s = float4(0.0f);
    for (short i = 0; i < 8; i += 2) {
        s.x += p[i] + p[i + 1];
        s.y += p[i + 16] + p[i + 17];
        v[i] = p[i];
        v[i + 1] = p[i + 1] * (1.0f / 256);
        v[i + 8] = p[i + 16] * (1.0f / 16);
        v[i + 9] = p[i + 17] * (1.0f / 4096);
    }
    s.x += s.y;
    return s;
}

inline float nibble_dot(device const ushort * q, thread const float * v)
{
    float sum = 0.0f;
    for (short i = 0; i < 8; i += 2) {
        const uint w = q[i / 2];
        sum += v[i] * (float)(w & 0x000F) + v[i + 1] * (float)(w & 0x0F00) + v[i + 8] * (float)(w & 0x00F0) + v[i + 9] * (float)(w & 0xF000);
    }
    return sum;
}

// The fifth bits of a lane's 16 values, worth 16 each.
inline float fifth_bits_dot(uint bits, ushort il, thread const float * v)
{
    const uint low = bits >> (il * 8), high = bits >> (16 + il * 8);
    float sum = 0.0f;
    for (short i = 0; i < 8; i += 2) {
        sum += ((low >> i & 1) ? v[i] * 16.0f : 0.0f) + ((low >> (i + 1) & 1) ? v[i + 1] * 4096.0f : 0.0f);
        sum += ((high >> i & 1) ? v[i + 8] * 256.0f : 0.0f) + ((high >> (i + 1) & 1) ? v[i + 9] * 65536.0f : 0.0f);
    }
    return sum;
}

inline uint nibble_of(uint byte, ushort il) { return il == 0 ? byte & 15 : byte >> 4; }
