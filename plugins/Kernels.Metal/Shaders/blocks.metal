// Weights in blocks of VALUES values. LANES lanes share a block, 16 values each: gather() brings a lane's activations into registers once for all rows, block_dot() multiplies them with a lane's share of a block.

typedef device const block_t * weights_t;

template<short NC> struct Sums { float v[ROWS][NC]; };

template<short NC> inline void accumulate(weights_t w, ulong row, uint rows, uint columns, device const float * x, uint stride, uint inputs, ushort lane, thread Sums<NC> & sums)
{
    const uint blocks = columns / VALUES;
    const ushort il = lane % LANES;
    for (uint b = lane / LANES; b < blocks; b += SIMD / LANES) {
        for (short c = 0; c < NC; ++c) {
            float v[16];
            const float4 s = gather(x + (ulong)min((uint)c, inputs - 1) * stride + b * VALUES, il, v);
            for (short r = 0; r < ROWS; ++r) sums.v[r][c] += block_dot(w + (row + min((uint)r, rows - 1)) * blocks + b, il, v, s);
        }
    }
}

inline void load16(weights_t w, ulong row, uint at, uint columns, thread float * y)
{
    if (at * 16 < columns) dequantize16(w + row * (columns / VALUES) + at / LANES, at % LANES, y);
    else for (short i = 0; i < 16; ++i) y[i] = 0.0f;
}
