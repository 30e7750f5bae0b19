#include "Findings.h"
#include <mutex>
#include <vector>

namespace emu {
static std::mutex guard;
static std::vector<std::string> all;

void report(const std::string & sentence)
{
    std::lock_guard lock(guard);
    all.push_back(sentence);
}

size_t findingCount()
{
    std::lock_guard lock(guard);
    return all.size();
}

std::string findingAt(size_t index)
{
    std::lock_guard lock(guard);
    return index < all.size() ? all[index] : "";
}

void clearFindings()
{
    std::lock_guard lock(guard);
    all.clear();
}
}
