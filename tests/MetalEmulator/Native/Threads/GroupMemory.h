// Threadgroup memory: each of a dispatch's arguments in its own place with unmapped pages behind it.
#pragma once
#include "Launch.h"

namespace emu {
Range groupArgument(const Launch & launch, uint32_t index); // empty where no length was set
void fillGroupMemory(const Launch & launch);                // with NaN: a new threadgroup finds nothing useful there
}
