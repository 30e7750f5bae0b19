// What went wrong, in sentences that a test can read: faults of kernels, misuse of the API, leaks.
#pragma once
#include <string>

namespace emu {
void report(const std::string & sentence);
size_t findingCount();
std::string findingAt(size_t index);
void clearFindings();
}
