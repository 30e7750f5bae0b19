// Checked mode: every access of a kernel lies within what it was given.
#pragma once
#include "../Threads/Launch.h"

namespace emu {
// `own` is the emulator's memory that kernels read: ids and meetings.
void beginChecks(const Launch & launch, Range own);
// One access by the current thread; leaves it for good where the access is wrong. `from` is where in the kernel's code.
void access(uint64_t address, uint32_t bytes, bool write, uint64_t from);
void accessAtomic(uint64_t address, bool write, uint64_t from);
}
