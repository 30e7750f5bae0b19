// Address spaces, scalar and vector types.
#pragma once
#pragma OPENCL EXTENSION cl_khr_fp16 : enable

// clang's own address spaces: what is stored where is checked by the compiler. `constant` and `kernel` are words of OpenCL already.
#define device __global
#define threadgroup __local
#define thread __private

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long int64_t;
typedef unsigned long uint64_t;
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;

#define EMU_VECTORS(T) \
    typedef T T##2 __attribute__((ext_vector_type(2))); \
    typedef T T##3 __attribute__((ext_vector_type(3))); \
    typedef T T##4 __attribute__((ext_vector_type(4)));
EMU_VECTORS(char)
EMU_VECTORS(uchar)
EMU_VECTORS(short)
EMU_VECTORS(ushort)
EMU_VECTORS(int)
EMU_VECTORS(uint)
EMU_VECTORS(long)
EMU_VECTORS(ulong)
EMU_VECTORS(half)
EMU_VECTORS(float)

// A packed vector is aligned as its element is. (Three elements would be padded here to four: not in the dialect.)
#define EMU_PACKED(T) \
    typedef T packed_##T##2 __attribute__((ext_vector_type(2), aligned(sizeof(T)))); \
    typedef T packed_##T##4 __attribute__((ext_vector_type(4), aligned(sizeof(T))));
EMU_PACKED(char)
EMU_PACKED(uchar)
EMU_PACKED(short)
EMU_PACKED(ushort)
EMU_PACKED(int)
EMU_PACKED(uint)
EMU_PACKED(half)
EMU_PACKED(float)

#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
#define FLT_MAX 3.402823466e+38f
#define FLT_MIN 1.175494351e-38f
#define FLT_EPSILON 1.192092896e-07f
#define MAXFLOAT FLT_MAX
#define HALF_MAX 6.5504e+4h
#define INT_MAX 2147483647
#define INT_MIN (-2147483647 - 1)
#define UINT_MAX 4294967295u
#define M_PI_F 3.14159265358979323846f
#define M_E_F 2.71828182845904523536f
#define M_LOG2E_F 1.44269504088896340736f
#define M_SQRT1_2_F 0.70710678118654752440f

namespace metal {
template <class T, T V> struct integral_constant { static constexpr constant T value = V; };
template <class T, class U> struct is_same { static constexpr constant bool value = false; };
template <class T> struct is_same<T, T> { static constexpr constant bool value = true; };
template <class To, class From> inline To as_type(From v)
{
    static_assert(sizeof(To) == sizeof(From), "as_type: the sizes differ");
    return __builtin_bit_cast(To, v);
}
}
