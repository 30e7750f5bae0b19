// One dispatch: a grid of threadgroups, run one after another.
#pragma once
#include "../Kernels/Library.h"

namespace emu {
struct Size3
{
    uint64_t x = 0, y = 0, z = 0;
    uint64_t count() const { return x * y * z; }
};

struct Bound
{
    uint64_t address = 0, bytes = 0;
};

struct Launch
{
    const Library * library = nullptr;
    const Kernel * kernel = nullptr;
    Bound buffers[MaxBuffers];
    uint64_t groupBytes[MaxBuffers] = {};
    Size3 groups, groupSize;
    Size3 threads; // of the whole grid, when threads were asked for rather than threadgroups; else zeros
};

// False, with a sentence, where a kernel goes wrong; what it has written until then stays.
bool run(const Launch & launch, std::string & fault);
}
