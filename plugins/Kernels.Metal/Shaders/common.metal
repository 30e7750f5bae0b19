#include <metal_stdlib>
using namespace metal;

#define SIMD 32

// The dialect: no lambdas, no function-local statics, no mutable globals, threadgroup arrays inside kernels only, every index explicit.

inline float bf16(ushort bits) { return as_type<float>((uint)bits << 16); }

// 1 - erf(x) with a relative error of 1.2e-7 (Numerical Recipes, 6.2: erfcc).
inline float erfc_of(float x)
{
    const float z = fabs(x), t = 1.0f / (1.0f + 0.5f * z);
    float p = 0.17087277f;
    p = p * t - 0.82215223f;
    p = p * t + 1.48851587f;
    p = p * t - 1.13520398f;
    p = p * t + 0.27886807f;
    p = p * t - 0.18628806f;
    p = p * t + 0.09678418f;
    p = p * t + 0.37409196f;
    p = p * t + 1.00002368f;
    const float tail = t * exp(-z * z - 1.26551223f + t * p);
    return x < 0.0f ? 2.0f - tail : tail;
}

// tanh by exp, which cannot overflow here; by its series near 0, where that would cancel.
inline float tanh_of(float x)
{
    if (fabs(x) < 0.1f) {
        const float s = x * x;
        return x * (1.0f + s * (-1.0f / 3 + s * (2.0f / 15 - s * (17.0f / 315))));
    }
    const float e = exp(-2.0f * fabs(x)), y = (1.0f - e) / (1.0f + e);
    return x < 0.0f ? -y : y;
}

inline float cap_of(float x, float cap) { return cap > 0.0f ? cap * tanh_of(x / cap) : x; }
