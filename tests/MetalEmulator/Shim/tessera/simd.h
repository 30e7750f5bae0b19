// Functions of a simdgroup: every lane brings its value to a meeting and leaves with what all of them brought.
#pragma once
namespace metal {
enum
{
    EMU_SUM = 1, EMU_PRODUCT, EMU_MAX, EMU_MIN, EMU_AND, EMU_OR, EMU_XOR,
    EMU_SHUFFLE, EMU_SHUFFLE_XOR, EMU_SHUFFLE_UP, EMU_SHUFFLE_DOWN, EMU_ROTATE_UP, EMU_ROTATE_DOWN,
    EMU_BROADCAST, EMU_BROADCAST_FIRST, EMU_ALL, EMU_ANY, EMU_PREFIX_EXCLUSIVE, EMU_PREFIX_INCLUSIVE,
    EMU_QUAD_SUM, EMU_QUAD_MAX, EMU_QUAD_SHUFFLE_XOR, EMU_QUAD_BROADCAST,
};

typedef __private EmuMeeting * EmuMeetingPointer;
struct EmuBits { ulong low, high; };

template <class T> inline EmuMeetingPointer emu_bring(T v, uint operation, uint line)
{
    static_assert(sizeof(T) <= 16, "a simdgroup function takes at most 16 bytes");
    EmuBits bits = {0, 0};
    __builtin_memcpy(&bits, &v, sizeof(T));
    return emu_meet(bits.low, bits.high, operation, line);
}
template <class T> inline T emu_from(ulong low, ulong high)
{
    EmuBits bits = {low, high};
    T v;
    __builtin_memcpy(&v, &bits, sizeof(T));
    return v;
}
template <class T> inline T emu_of(EmuMeetingPointer m, uint lane) { return emu_from<T>(m->low[lane], m->high[lane]); }

// Halves fold onto each other: a tree, as in hardware, not lane after lane. A lane that takes no part adds nothing.
template <class T, class F> inline T emu_reduce(T v, uint operation, uint line, F combine)
{
    EmuMeetingPointer m = emu_bring(v, operation, line);
    if (m->haveResult)
        return emu_from<T>(m->resultLow, m->resultHigh);
    T t[32];
    uint mask = m->mask;
    for (uint i = 0; i < 32; ++i)
        t[i] = emu_of<T>(m, i);
    for (uint half_ = 16; half_ > 0; half_ >>= 1) {
        uint next = 0;
        for (uint i = 0; i < half_; ++i) {
            const bool a = mask >> i & 1, b = mask >> (i + half_) & 1;
            if (a && b)
                t[i] = combine(t[i], t[i + half_]);
            else if (b)
                t[i] = t[i + half_];
            if (a || b)
                next |= 1u << i;
        }
        mask = next;
    }
    EmuBits bits = {0, 0};
    __builtin_memcpy(&bits, &t[0], sizeof(T));
    m->resultLow = bits.low;
    m->resultHigh = bits.high;
    m->haveResult = 1;
    return t[0];
}
#define EMU_REDUCE(name, operation, expression) \
    template <class T> inline T name(T v, uint line = __builtin_LINE()) { return emu_reduce(v, operation, line, [](T a, T b) { return (T)(expression); }); }
EMU_REDUCE(simd_sum, EMU_SUM, a + b)
EMU_REDUCE(simd_product, EMU_PRODUCT, a * b)
EMU_REDUCE(simd_max, EMU_MAX, max(a, b))
EMU_REDUCE(simd_min, EMU_MIN, min(a, b))
EMU_REDUCE(simd_and, EMU_AND, a & b)
EMU_REDUCE(simd_or, EMU_OR, a | b)
EMU_REDUCE(simd_xor, EMU_XOR, a ^ b)

template <class T> inline T emu_pick(EmuMeetingPointer m, uint lane, uint line)
{
    if (lane > 31 || !(m->mask >> lane & 1))
        emu_fault(EMU_NO_SUCH_LANE, line);
    return emu_of<T>(m, lane & 31);
}

// The shift is brought along: Metal wants it to be the same in all lanes.
template <class T> inline EmuMeetingPointer emu_bring_shift(T v, uint delta, uint operation, uint line)
{
    static_assert(sizeof(T) <= 8, "a shuffle by a delta takes at most 8 bytes here");
    EmuBits bits = {0, delta};
    __builtin_memcpy(&bits.low, &v, sizeof(T));
    EmuMeetingPointer m = emu_meet(bits.low, bits.high, operation, line);
    if (m->high[__builtin_ctz(m->mask)] != delta)
        emu_fault(EMU_DELTA_DIFFERS, line);
    return m;
}
template <class T> inline T emu_pick_low(EmuMeetingPointer m, uint lane, uint line)
{
    if (lane > 31 || !(m->mask >> lane & 1))
        emu_fault(EMU_NO_SUCH_LANE, line);
    return emu_from<T>(m->low[lane & 31], 0);
}

template <class T> inline T simd_shuffle(T v, ushort lane, uint line = __builtin_LINE()) { return emu_pick<T>(emu_bring(v, EMU_SHUFFLE, line), lane, line); }
template <class T> inline T simd_shuffle_xor(T v, ushort mask, uint line = __builtin_LINE())
{
    EmuMeetingPointer m = emu_bring(v, EMU_SHUFFLE_XOR, line);
    return emu_pick<T>(m, emu_lane() ^ mask, line);
}
template <class T> inline T simd_shuffle_up(T v, ushort delta, uint line = __builtin_LINE())
{
    EmuMeetingPointer m = emu_bring_shift(v, delta, EMU_SHUFFLE_UP, line);
    return emu_lane() < delta ? v : emu_pick_low<T>(m, emu_lane() - delta, line);
}
template <class T> inline T simd_shuffle_down(T v, ushort delta, uint line = __builtin_LINE())
{
    EmuMeetingPointer m = emu_bring_shift(v, delta, EMU_SHUFFLE_DOWN, line);
    return emu_lane() + delta > 31 ? v : emu_pick_low<T>(m, emu_lane() + delta, line);
}
template <class T> inline T simd_shuffle_rotate_up(T v, ushort delta, uint line = __builtin_LINE())
{
    EmuMeetingPointer m = emu_bring_shift(v, delta, EMU_ROTATE_UP, line);
    return emu_pick_low<T>(m, (emu_lane() - delta) & 31, line);
}
template <class T> inline T simd_shuffle_rotate_down(T v, ushort delta, uint line = __builtin_LINE())
{
    EmuMeetingPointer m = emu_bring_shift(v, delta, EMU_ROTATE_DOWN, line);
    return emu_pick_low<T>(m, (emu_lane() + delta) & 31, line);
}
template <class T> inline T simd_broadcast(T v, ushort lane, uint line = __builtin_LINE()) { return emu_pick<T>(emu_bring(v, EMU_BROADCAST, line), lane, line); }
template <class T> inline T simd_broadcast_first(T v, uint line = __builtin_LINE())
{
    EmuMeetingPointer m = emu_bring(v, EMU_BROADCAST_FIRST, line);
    return emu_of<T>(m, __builtin_ctz(m->mask));
}
inline bool simd_all(bool v, uint line = __builtin_LINE()) { return emu_reduce((uint)v, EMU_ALL, line, [](uint a, uint b) { return a & b; }); }
inline bool simd_any(bool v, uint line = __builtin_LINE()) { return emu_reduce((uint)v, EMU_ANY, line, [](uint a, uint b) { return a | b; }); }

template <class T> inline T simd_prefix_exclusive_sum(T v, uint line = __builtin_LINE())
{
    EmuMeetingPointer m = emu_bring(v, EMU_PREFIX_EXCLUSIVE, line);
    T sum = (T)0;
    for (uint i = 0; i < emu_lane(); ++i)
        if (m->mask >> i & 1)
            sum += emu_of<T>(m, i);
    return sum;
}
template <class T> inline T simd_prefix_inclusive_sum(T v, uint line = __builtin_LINE())
{
    EmuMeetingPointer m = emu_bring(v, EMU_PREFIX_INCLUSIVE, line);
    T sum = (T)0;
    for (uint i = 0; i <= emu_lane(); ++i)
        if (m->mask >> i & 1)
            sum += emu_of<T>(m, i);
    return sum;
}

// Four neighbours.
template <class T> inline T quad_sum(T v, uint line = __builtin_LINE())
{
    EmuMeetingPointer m = emu_bring(v, EMU_QUAD_SUM, line);
    const uint q = emu_lane() & ~3u;
    return (T)((emu_pick<T>(m, q, line) + emu_pick<T>(m, q + 2, line)) + (emu_pick<T>(m, q + 1, line) + emu_pick<T>(m, q + 3, line)));
}
template <class T> inline T quad_max(T v, uint line = __builtin_LINE())
{
    EmuMeetingPointer m = emu_bring(v, EMU_QUAD_MAX, line);
    const uint q = emu_lane() & ~3u;
    return max(max(emu_pick<T>(m, q, line), emu_pick<T>(m, q + 1, line)), max(emu_pick<T>(m, q + 2, line), emu_pick<T>(m, q + 3, line)));
}
template <class T> inline T quad_shuffle_xor(T v, ushort mask, uint line = __builtin_LINE())
{
    EmuMeetingPointer m = emu_bring(v, EMU_QUAD_SHUFFLE_XOR, line);
    return emu_pick<T>(m, mask > 3 ? 32 : emu_lane() ^ mask, line);
}
template <class T> inline T quad_broadcast(T v, ushort lane, uint line = __builtin_LINE())
{
    EmuMeetingPointer m = emu_bring(v, EMU_QUAD_BROADCAST, line);
    return emu_pick<T>(m, lane > 3 ? 32 : (emu_lane() & ~3u) + lane, line);
}
}
