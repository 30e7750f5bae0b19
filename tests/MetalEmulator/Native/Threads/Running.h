// The dispatch that runs on this thread, for what kernels call back.
#pragma once
#include "Launch.h"
#include "Fiber.h"

namespace emu {
struct Running
{
    const Launch * launch;
    std::string fault;                // the first thing that went wrong
    uint64_t faultAddress;            // of the kernel's code; 0 where a line is named already
};
extern thread_local Running * running;

// Notes what went wrong in the current thread and leaves it for good.
[[noreturn]] void fail(const std::string & what, uint64_t address = 0);
std::string currentThread();
}
