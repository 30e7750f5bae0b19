// The mathematical functions that Metal has. What Metal lacks (erf, expm1, log1p, double) is not here either.
#pragma once
extern "C" {
float expf(float);
float exp2f(float);
float exp10f(float);
float logf(float);
float log2f(float);
float log10f(float);
float powf(float, float);
float sinf(float);
float cosf(float);
float tanf(float);
float atanf(float);
float atan2f(float, float);
float sinhf(float);
float coshf(float);
float tanhf(float);
float fmodf(float, float);
float ldexpf(float, int);
}

namespace metal {
inline float emu_rsqrt(float x) { return 1.0f / __builtin_sqrtf(x); }
inline float emu_fract(float x) { return x - __builtin_floorf(x); }
inline float emu_sign(float x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f; }
inline float emu_saturate(float x) { return x > 0 ? (x < 1 ? x : 1.0f) : 0.0f; }

// One argument: float and half, and vectors of two to four.
#define EMU_UNARY_OF(T, name, f) \
    inline T name(T x) { return (T)f((float)x); } \
    inline T##2 name(T##2 v) { T##2 r = {(T)f(v.x), (T)f(v.y)}; return r; } \
    inline T##3 name(T##3 v) { T##3 r = {(T)f(v.x), (T)f(v.y), (T)f(v.z)}; return r; } \
    inline T##4 name(T##4 v) { T##4 r = {(T)f(v.x), (T)f(v.y), (T)f(v.z), (T)f(v.w)}; return r; }
#define EMU_UNARY(name, f) EMU_UNARY_OF(float, name, f) EMU_UNARY_OF(half, name, f)
EMU_UNARY(exp, expf)
EMU_UNARY(exp2, exp2f)
EMU_UNARY(exp10, exp10f)
EMU_UNARY(log, logf)
EMU_UNARY(log2, log2f)
EMU_UNARY(log10, log10f)
EMU_UNARY(sin, sinf)
EMU_UNARY(cos, cosf)
EMU_UNARY(tan, tanf)
EMU_UNARY(atan, atanf)
EMU_UNARY(sinh, sinhf)
EMU_UNARY(cosh, coshf)
EMU_UNARY(tanh, tanhf)
EMU_UNARY(sqrt, __builtin_sqrtf)
EMU_UNARY(rsqrt, emu_rsqrt)
EMU_UNARY(fabs, __builtin_fabsf)
EMU_UNARY(abs, __builtin_fabsf)
EMU_UNARY(floor, __builtin_floorf)
EMU_UNARY(ceil, __builtin_ceilf)
EMU_UNARY(trunc, __builtin_truncf)
EMU_UNARY(rint, __builtin_rintf)
EMU_UNARY(round, __builtin_roundf)
EMU_UNARY(fract, emu_fract)
EMU_UNARY(sign, emu_sign)
EMU_UNARY(saturate, emu_saturate)

inline int abs(int x) { return x < 0 ? -x : x; }
inline short abs(short x) { return (short)(x < 0 ? -x : x); }
inline float pow(float a, float b) { return powf(a, b); }
inline float powr(float a, float b) { return powf(a, b); }
inline float atan2(float a, float b) { return atan2f(a, b); }
inline float fmod(float a, float b) { return fmodf(a, b); }
inline float ldexp(float a, int e) { return ldexpf(a, e); }
inline float copysign(float a, float b) { return __builtin_copysignf(a, b); }
inline float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline half fma(half a, half b, half c) { return (half)__builtin_fmaf(a, b, c); }
inline float2 fma(float2 a, float2 b, float2 c) { float2 r = {fma(a.x, b.x, c.x), fma(a.y, b.y, c.y)}; return r; }
inline float4 fma(float4 a, float4 b, float4 c)
{
    float4 r = {fma(a.x, b.x, c.x), fma(a.y, b.y, c.y), fma(a.z, b.z, c.z), fma(a.w, b.w, c.w)};
    return r;
}
inline float mix(float a, float b, float t) { return a + (b - a) * t; }
inline float step(float edge, float x) { return x < edge ? 0.0f : 1.0f; }

#define EMU_ORDERED_SCALAR(T) \
    inline T min(T a, T b) { return b < a ? b : a; } \
    inline T max(T a, T b) { return a < b ? b : a; } \
    inline T clamp(T x, T low, T high) { return min(max(x, low), high); }
#define EMU_ORDERED(T) EMU_ORDERED_SCALAR(T) \
    inline T##2 min(T##2 a, T##2 b) { T##2 r = {min(a.x, b.x), min(a.y, b.y)}; return r; } \
    inline T##2 max(T##2 a, T##2 b) { T##2 r = {max(a.x, b.x), max(a.y, b.y)}; return r; } \
    inline T##4 min(T##4 a, T##4 b) { T##4 r = {min(a.x, b.x), min(a.y, b.y), min(a.z, b.z), min(a.w, b.w)}; return r; } \
    inline T##4 max(T##4 a, T##4 b) { T##4 r = {max(a.x, b.x), max(a.y, b.y), max(a.z, b.z), max(a.w, b.w)}; return r; } \
    inline T##4 clamp(T##4 x, T##4 low, T##4 high) { return min(max(x, low), high); }
EMU_ORDERED(int)
EMU_ORDERED(uint)
EMU_ORDERED(short)
EMU_ORDERED(ushort)
EMU_ORDERED(half)
EMU_ORDERED_SCALAR(char)
EMU_ORDERED_SCALAR(uchar)
EMU_ORDERED_SCALAR(long)
EMU_ORDERED_SCALAR(ulong)

// A NaN loses against a number.
inline float fmin(float a, float b) { return __builtin_fminf(a, b); }
inline float fmax(float a, float b) { return __builtin_fmaxf(a, b); }
inline float min(float a, float b) { return fmin(a, b); }
inline float max(float a, float b) { return fmax(a, b); }
inline float clamp(float x, float low, float high) { return fmin(fmax(x, low), high); }
inline float max3(float a, float b, float c) { return fmax(fmax(a, b), c); }
inline float min3(float a, float b, float c) { return fmin(fmin(a, b), c); }
inline float2 min(float2 a, float2 b) { float2 r = {min(a.x, b.x), min(a.y, b.y)}; return r; }
inline float2 max(float2 a, float2 b) { float2 r = {max(a.x, b.x), max(a.y, b.y)}; return r; }
inline float4 min(float4 a, float4 b) { float4 r = {min(a.x, b.x), min(a.y, b.y), min(a.z, b.z), min(a.w, b.w)}; return r; }
inline float4 max(float4 a, float4 b) { float4 r = {max(a.x, b.x), max(a.y, b.y), max(a.z, b.z), max(a.w, b.w)}; return r; }
inline float4 clamp(float4 x, float4 low, float4 high) { return min(max(x, low), high); }

#define EMU_DOT(T) \
    inline T dot(T##2 a, T##2 b) { return a.x * b.x + a.y * b.y; } \
    inline T dot(T##3 a, T##3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; } \
    inline T dot(T##4 a, T##4 b) { return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }
EMU_DOT(float)
EMU_DOT(half)

inline bool isnan(float x) { return x != x; }
inline bool isnan(half x) { return x != x; }
inline bool isinf(float x) { return __builtin_fabsf(x) == __builtin_inff(); }
inline bool isinf(half x) { return __builtin_fabsf((float)x) == __builtin_inff(); }
inline bool isfinite(float x) { return __builtin_fabsf(x) < __builtin_inff(); }
template <class T> inline T select(T a, T b, bool c) { return c ? b : a; }

inline uint popcount(uint x) { return __builtin_popcount(x); }
inline uint clz(uint x) { return x ? __builtin_clz(x) : 32; }
inline uint ctz(uint x) { return x ? __builtin_ctz(x) : 32; }
inline uint mulhi(uint a, uint b) { return (uint)((ulong)a * b >> 32); }
inline uint extract_bits(uint x, uint offset, uint bits) { return bits == 0 ? 0 : x << (32 - bits - offset) >> (32 - bits); }
inline uint rotate(uint x, uint n) { return x << (n & 31) | x >> (-n & 31); }

namespace fast {
using metal::exp; using metal::exp2; using metal::log; using metal::log2; using metal::sin; using metal::cos; using metal::tanh;
using metal::sqrt; using metal::rsqrt; using metal::max; using metal::min; using metal::pow; using metal::powr; using metal::clamp;
using metal::fmax; using metal::fmin; using metal::fabs;
}
namespace precise {
using metal::exp; using metal::exp2; using metal::log; using metal::log2; using metal::sin; using metal::cos; using metal::tanh;
using metal::sqrt; using metal::rsqrt; using metal::max; using metal::min; using metal::pow; using metal::powr; using metal::clamp;
using metal::fmax; using metal::fmin; using metal::fabs;
}
}
