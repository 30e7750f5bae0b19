// Weights that are floats: any number of columns, lanes side by side. WEIGHT_T and weight_of() come from the type.

typedef device const WEIGHT_T * weights_t;

template<short NC> struct Sums { float v[ROWS][NC]; };

template<short NC> inline void accumulate(weights_t w, ulong row, uint rows, uint columns, device const float * x, uint stride, uint inputs, ushort lane, thread Sums<NC> & sums)
{
    for (uint i = lane; i < columns; i += SIMD) {
        float v[NC];
        for (short c = 0; c < NC; ++c) v[c] = x[(ulong)min((uint)c, inputs - 1) * stride + i];
        for (short r = 0; r < ROWS; ++r) {
            const float q = weight_of(w[(row + min((uint)r, rows - 1)) * columns + i]);
            for (short c = 0; c < NC; ++c) sums.v[r][c] += q * v[c];
        }
    }
}

// Elements 16 · at and on of a row; zeros behind its end.
inline void load16(weights_t w, ulong row, uint at, uint columns, thread float * y)
{
    for (short i = 0; i < 16; ++i) y[i] = at * 16 + i < columns ? weight_of(w[row * columns + at * 16 + i]) : 0.0f;
}
