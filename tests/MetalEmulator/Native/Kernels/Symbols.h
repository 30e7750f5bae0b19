#pragma once
#include "Library.h"

namespace emu {
// Finds where the library is loaded and where each kernel's threadgroup arrays are: clang makes them variables of the shared object.
bool readSymbols(Library & library, std::string & error);
}
