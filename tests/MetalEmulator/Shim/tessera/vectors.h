// Vector construction and conversion: float4(a, b, c, d), float4(x), float4(half4), float4(float2, float2).
// The names become macros in constructors.h.
#pragma once
namespace metal {
template <class R, class T, class V> inline R emu_convert(V v)
{
    if constexpr (__is_arithmetic(V) || __is_same(V, half))
        return (R)((T)v);
    else
        return __builtin_convertvector(v, R);
}

#define EMU_CONSTRUCT(T) \
    template <class V> inline T##2 make_##T##2(V v) { return emu_convert<T##2, T>(v); } \
    template <class V> inline T##3 make_##T##3(V v) { return emu_convert<T##3, T>(v); } \
    template <class V> inline T##4 make_##T##4(V v) { return emu_convert<T##4, T>(v); } \
    inline T##2 make_##T##2(T a, T b) { T##2 r = {a, b}; return r; } \
    inline T##3 make_##T##3(T a, T b, T c) { T##3 r = {a, b, c}; return r; } \
    inline T##3 make_##T##3(T##2 a, T b) { T##3 r = {a.x, a.y, b}; return r; } \
    inline T##4 make_##T##4(T a, T b, T c, T d) { T##4 r = {a, b, c, d}; return r; } \
    inline T##4 make_##T##4(T##2 a, T##2 b) { T##4 r = {a.x, a.y, b.x, b.y}; return r; } \
    inline T##4 make_##T##4(T##3 a, T b) { T##4 r = {a.x, a.y, a.z, b}; return r; }
EMU_CONSTRUCT(char)
EMU_CONSTRUCT(uchar)
EMU_CONSTRUCT(short)
EMU_CONSTRUCT(ushort)
EMU_CONSTRUCT(int)
EMU_CONSTRUCT(uint)
EMU_CONSTRUCT(long)
EMU_CONSTRUCT(ulong)
EMU_CONSTRUCT(half)
EMU_CONSTRUCT(float)
}
