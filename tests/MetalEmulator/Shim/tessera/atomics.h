// Relaxed atomics of four bytes. They pass through the emulator, so that checked mode can tell them from plain accesses.
#pragma once
// OpenCL has types of these names outside any namespace.
#define atomic_uint emu_atomic_uint
#define atomic_int emu_atomic_int
namespace metal {
enum memory_order { memory_order_relaxed };
struct atomic_uint { uint value; };
struct atomic_int { int value; };
enum { EMU_LOAD = 0, EMU_STORE, EMU_EXCHANGE, EMU_ADD, EMU_SUBTRACT, EMU_ATOMIC_MAX, EMU_ATOMIC_MIN, EMU_ATOMIC_OR, EMU_ATOMIC_AND, EMU_SIGNED_MAX, EMU_SIGNED_MIN, EMU_COMPARE };

#define EMU_ATOMICS_OF(space, A, T, largest, smallest) \
    inline T atomic_load_explicit(const volatile space A * p, memory_order) { return (T)emu_atomic((ulong)p, EMU_LOAD, 0, 0); } \
    inline void atomic_store_explicit(volatile space A * p, T v, memory_order) { emu_atomic((ulong)p, EMU_STORE, (uint)v, 0); } \
    inline T atomic_exchange_explicit(volatile space A * p, T v, memory_order) { return (T)emu_atomic((ulong)p, EMU_EXCHANGE, (uint)v, 0); } \
    inline T atomic_fetch_add_explicit(volatile space A * p, T v, memory_order) { return (T)emu_atomic((ulong)p, EMU_ADD, (uint)v, 0); } \
    inline T atomic_fetch_sub_explicit(volatile space A * p, T v, memory_order) { return (T)emu_atomic((ulong)p, EMU_SUBTRACT, (uint)v, 0); } \
    inline T atomic_fetch_max_explicit(volatile space A * p, T v, memory_order) { return (T)emu_atomic((ulong)p, largest, (uint)v, 0); } \
    inline T atomic_fetch_min_explicit(volatile space A * p, T v, memory_order) { return (T)emu_atomic((ulong)p, smallest, (uint)v, 0); } \
    inline T atomic_fetch_or_explicit(volatile space A * p, T v, memory_order) { return (T)emu_atomic((ulong)p, EMU_ATOMIC_OR, (uint)v, 0); } \
    inline T atomic_fetch_and_explicit(volatile space A * p, T v, memory_order) { return (T)emu_atomic((ulong)p, EMU_ATOMIC_AND, (uint)v, 0); } \
    inline bool atomic_compare_exchange_weak_explicit(volatile space A * p, thread T * expected, T v, memory_order, memory_order) \
    { \
        const T old = (T)emu_atomic((ulong)p, EMU_COMPARE, (uint)v, (uint)*expected); \
        const bool same = old == *expected; \
        *expected = old; \
        return same; \
    }
#define EMU_ATOMICS(space) EMU_ATOMICS_OF(space, atomic_uint, uint, EMU_ATOMIC_MAX, EMU_ATOMIC_MIN) EMU_ATOMICS_OF(space, atomic_int, int, EMU_SIGNED_MAX, EMU_SIGNED_MIN)
EMU_ATOMICS(device)
EMU_ATOMICS(threadgroup)
}
