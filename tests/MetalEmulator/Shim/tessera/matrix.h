// simdgroup_matrix: 8 x 8, two elements a lane. Which lane holds what is not specified by Apple; this is the map that MLX's source describes.
#pragma once
namespace metal {
enum { EMU_MATRIX = 32, EMU_MATRIX_LOAD, EMU_MATRIX_STORE, EMU_MATRIX_MULTIPLY };

inline uint emu_row(uint lane) { return (lane >> 2 & 4) | (lane >> 1 & 3); }
inline uint emu_column(uint lane) { return (lane >> 1 & 4) | (lane & 1) << 1; }
// The lane that holds columns c and c + 1 (c even) of row r.
inline uint emu_holder(uint r, uint c) { return (r & 4) << 2 | (c & 4) << 1 | (r & 3) << 1 | (c >> 1 & 1); }

template <class T> struct EmuPair { T x, y; };

template <class T, int Rows, int Columns> struct simdgroup_matrix
{
    static_assert(Rows == 8 && Columns == 8, "simdgroup_matrix: only 8 x 8");
    typedef T Pair __attribute__((ext_vector_type(2)));
    Pair elements;

    simdgroup_matrix() = default;
    // A diagonal matrix.
    explicit simdgroup_matrix(T diagonal)
    {
        const uint row = emu_row(emu_lane()), column = emu_column(emu_lane());
        elements.x = row == column ? diagonal : (T)0;
        elements.y = row == column + 1 ? diagonal : (T)0;
    }
    thread Pair & thread_elements() { return *(thread Pair *)&elements; }
};
typedef simdgroup_matrix<float, 8, 8> simdgroup_float8x8;
typedef simdgroup_matrix<half, 8, 8> simdgroup_half8x8;

template <class T, int R, int C> inline simdgroup_matrix<T, R, C> make_filled_simdgroup_matrix(T v)
{
    simdgroup_matrix<T, R, C> m;
    m.elements.x = v;
    m.elements.y = v;
    return m;
}

// Both take part with the whole simdgroup and one stride.
inline void emu_matrix_access(ulong stride, uint operation, uint line)
{
    __private EmuMeeting * m = emu_meet(stride, 0, operation, line);
    if (m->low[0] != stride)
        emu_fault(EMU_STRIDE_DIFFERS, line);
}

#define EMU_MATRIX_MEMORY(space) \
    template <class T> inline void simdgroup_load(thread simdgroup_matrix<T, 8, 8> & m, const space T * p, ulong stride = 8, \
                                                  ulong2 origin = (ulong2)(0), bool transposed = false, uint line = __builtin_LINE()) \
    { \
        emu_matrix_access(stride, EMU_MATRIX_LOAD, line); \
        const uint r = emu_row(emu_lane()), c = emu_column(emu_lane()); \
        p += origin.x + origin.y * stride; \
        m.elements.x = transposed ? p[c * stride + r] : p[r * stride + c]; \
        m.elements.y = transposed ? p[(c + 1) * stride + r] : p[r * stride + c + 1]; \
    } \
    template <class T> inline void simdgroup_store(simdgroup_matrix<T, 8, 8> m, space T * p, ulong stride = 8, \
                                                   ulong2 origin = (ulong2)(0), bool transposed = false, uint line = __builtin_LINE()) \
    { \
        emu_matrix_access(stride, EMU_MATRIX_STORE, line); \
        const uint r = emu_row(emu_lane()), c = emu_column(emu_lane()); \
        p += origin.x + origin.y * stride; \
        if (transposed) { \
            p[c * stride + r] = m.elements.x; \
            p[(c + 1) * stride + r] = m.elements.y; \
        } else { \
            p[r * stride + c] = m.elements.x; \
            p[r * stride + c + 1] = m.elements.y; \
        } \
    }
EMU_MATRIX_MEMORY(device)
EMU_MATRIX_MEMORY(threadgroup)

// d = a b + c. Sums are float32 and run over k in order; hardware promises neither.
template <class TD, class TA, class TB, class TC>
inline void simdgroup_multiply_accumulate(thread simdgroup_matrix<TD, 8, 8> & d, simdgroup_matrix<TA, 8, 8> a, simdgroup_matrix<TB, 8, 8> b,
                                          simdgroup_matrix<TC, 8, 8> c, uint line = __builtin_LINE())
{
    const float4 mine = {(float)a.elements.x, (float)a.elements.y, (float)b.elements.x, (float)b.elements.y};
    __private EmuMeeting * m = emu_bring(mine, EMU_MATRIX_MULTIPLY, line);
    const uint row = emu_row(emu_lane()), column = emu_column(emu_lane());
    float x = (float)c.elements.x, y = (float)c.elements.y;
    for (uint k = 0; k < 8; k += 2) {
        const float2 left = emu_from<float2>(m->low[emu_holder(row, k)], 0);
        const float2 right0 = emu_from<float2>(m->high[emu_holder(k, column)], 0);
        const float2 right1 = emu_from<float2>(m->high[emu_holder(k + 1, column)], 0);
        x += left.x * right0.x;
        y += left.x * right0.y;
        x += left.y * right1.x;
        y += left.y * right1.y;
    }
    d.elements.x = (TD)x;
    d.elements.y = (TD)y;
}
template <class TD, class TA, class TB>
inline void simdgroup_multiply(thread simdgroup_matrix<TD, 8, 8> & d, simdgroup_matrix<TA, 8, 8> a, simdgroup_matrix<TB, 8, 8> b, uint line = __builtin_LINE())
{
    simdgroup_multiply_accumulate(d, a, b, make_filled_simdgroup_matrix<TD, 8, 8>((TD)0), line);
}
}
