// The calls of clang and of the linker.
#pragma once
#include <string>
#include <vector>

namespace emu {
std::vector<std::string> frontEnd(); // clang and the flags that make Metal's text C++ for OpenCL
std::vector<std::string> codeFlags(bool checked);
std::string programFile(const std::string & source); // writes it into the cache; empty where that fails
}
