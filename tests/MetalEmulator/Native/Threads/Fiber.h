// A thread of a kernel: a stack of its own, left and entered again where it waits.
#pragma once
#include "../Kernels/Abi.h"

namespace emu {
struct Fiber
{
    enum State { Ready, AtMeeting, AtBarrier, Done };

    void * stackPointer = nullptr;
    char * stack = nullptr; // the lowest page is a guard
    State state = Done;
    uint32_t operation = 0, line = 0; // of what it waits for
    uint64_t low = 0, high = 0;       // what it brings to a meeting
    ThreadIds * ids = nullptr;
    Meeting * meeting = nullptr;      // of its simdgroup

    bool ownsStack(uint64_t address) const;
    void prepare(void (*entry)()); // the next enter starts there
};

constexpr uint64_t StackBytes = 128 << 10, GuardBytes = 4096;

Fiber & fiberAt(uint32_t index); // of MaxThreads that exist for ever
extern thread_local Fiber * current; // the one that runs; null outside kernels

void enter(Fiber & fiber);          // from the scheduler; returns when the fiber leaves
void leave(Fiber::State state);     // from the fiber
}
