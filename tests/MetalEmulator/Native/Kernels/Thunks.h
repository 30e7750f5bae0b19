#pragma once
#include "Signature.h"

namespace emu {
// Source that calls each kernel with arguments taken from arrays, and that tells the size and alignment of what its pointers point to.
std::string thunksOf(const std::vector<Signature> & kernels);
inline std::string thunkName(const std::string & kernel) { return "emu_thunk_" + kernel; }
inline std::string layoutName(const std::string & kernel) { return "emu_layout_" + kernel; }
}
