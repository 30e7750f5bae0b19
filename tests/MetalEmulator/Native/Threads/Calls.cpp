// What kernels call: meetings of a simdgroup, barriers, faults, atomics.
#include "../Checks/Memory.h"
#include "../Export.h"
#include "Running.h"
#include <algorithm>

namespace emu {

static void wait(Fiber::State state, uint32_t operation, uint32_t line)
{
    current->operation = operation;
    current->line = line;
    leave(state);
}

EMU_EXPORT Meeting * emu_meet(uint64_t low, uint64_t high, uint32_t operation, uint32_t line)
{
    current->low = low;
    current->high = high;
    wait(Fiber::AtMeeting, operation, line);
    return current->meeting;
}

EMU_EXPORT void emu_simdgroup_barrier(uint32_t flags, uint32_t line) { wait(Fiber::AtMeeting, SimdgroupBarrier + flags, line); }

EMU_EXPORT void emu_threadgroup_barrier(uint32_t flags, uint32_t line) { wait(Fiber::AtBarrier, flags, line); }

EMU_EXPORT uint32_t emu_lane() { return current->ids->lane; }

EMU_EXPORT void emu_fault(uint32_t code, uint32_t line)
{
    static const char * const what[] = {"", "a shuffle reads a lane that does not take part", "a shuffle's delta differs between lanes",
                                        "a simdgroup_matrix's stride differs between lanes"};
    fail("line " + std::to_string(line) + ": " + what[code], 0);
}

EMU_EXPORT uint32_t emu_atomic(uint64_t address, uint32_t operation, uint32_t v, uint32_t expected)
{
    enum { Load, Store, Exchange, Add, Subtract, Max, Min, Or, And, SignedMax, SignedMin, Compare };
    const uint64_t from = (uint64_t)__builtin_return_address(0);
    if (address % 4 != 0)
        fail("misaligned atomic", from);
    if (running->launch->library->checked)
        accessAtomic(address, operation != Load, from);
    uint32_t * p = (uint32_t *)address;
    const uint32_t old = *p;
    switch (operation) {
    case Load: break;
    case Store: case Exchange: *p = v; break;
    case Add: *p = old + v; break;
    case Subtract: *p = old - v; break;
    case Max: *p = std::max(old, v); break;
    case Min: *p = std::min(old, v); break;
    case Or: *p = old | v; break;
    case And: *p = old & v; break;
    case SignedMax: *p = (uint32_t)std::max((int32_t)old, (int32_t)v); break;
    case SignedMin: *p = (uint32_t)std::min((int32_t)old, (int32_t)v); break;
    case Compare: if (old == expected) *p = v; break;
    }
    return old;
}
}
