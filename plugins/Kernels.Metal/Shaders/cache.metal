// The blocks of a cache group lie in up to 8 buffers. A number of a block table is a buffer's number, and in the lower SLAB_SHIFT bits the block's number in it.

#define SLAB_SHIFT 28
#define CACHE(POINTER) POINTER cache0 [[buffer(16)]], POINTER cache1 [[buffer(17)]], POINTER cache2 [[buffer(18)]], POINTER cache3 [[buffer(19)]], POINTER cache4 [[buffer(20)]], POINTER cache5 [[buffer(21)]], POINTER cache6 [[buffer(22)]], POINTER cache7 [[buffer(23)]]
#define SLABS { cache0, cache1, cache2, cache3, cache4, cache5, cache6, cache7 }

template<class P> struct Slabs { P c0; P c1; P c2; P c3; P c4; P c5; P c6; P c7; };

template<class P> inline P block_of(thread const Slabs<P> & s, int number, ulong stride)
{
    const uint i = (uint)number >> SLAB_SHIFT;
    P first = i < 4 ? (i < 2 ? (i == 0 ? s.c0 : s.c1) : (i == 2 ? s.c2 : s.c3)) : (i < 6 ? (i == 4 ? s.c4 : s.c5) : (i == 6 ? s.c6 : s.c7));
    return first + (ulong)((uint)number & ((1u << SLAB_SHIFT) - 1)) * stride;
}
