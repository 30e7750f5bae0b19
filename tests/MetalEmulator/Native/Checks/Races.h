// Checked mode: two threads touch one byte, one of them writes, and no barrier for that memory lies between.
#pragma once
#include "../Kernels/Library.h"

namespace emu {
void watchRaces(const std::vector<Range> & written); // at the start of a dispatch: memory that its kernel may write
void beginRaces(uint32_t simdgroups);                // at the start of a threadgroup
void passThreadgroupBarrier(uint32_t flags);
void passSimdgroupBarrier(uint32_t simdgroup, uint32_t flags);
// Empty, or what the current thread's access clashes with.
std::string noteAccess(uint64_t address, uint32_t bytes, bool write, bool atomic, bool inGroup);
}
