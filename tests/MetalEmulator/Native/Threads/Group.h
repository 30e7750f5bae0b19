// One threadgroup: its threads run until they wait, and go on when all have come.
#pragma once
#include "Running.h"
#include <random>

namespace emu {
// Threads 0 to count - 1 are prepared. False where `running` has a fault.
bool runGroup(uint32_t count, std::mt19937 & random);
}
