#include "GroupMemory.h"
#include <cstring>
#include <sys/mman.h>

namespace emu {
constexpr uint64_t Slot = MaxThreadgroupBytes + 4096;

static char * arena()
{
    static char * memory = [] {
        char * m = (char *)mmap(nullptr, Slot * MaxBuffers, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        for (uint32_t i = 0; i < MaxBuffers; ++i)
            mprotect(m + i * Slot + MaxThreadgroupBytes, 4096, PROT_NONE);
        return m;
    }();
    return memory;
}

Range groupArgument(const Launch & launch, uint32_t index)
{
    const uint64_t end = (uint64_t)arena() + index * Slot + MaxThreadgroupBytes;
    return {end - launch.groupBytes[index], end};
}

void fillGroupMemory(const Launch & launch)
{
    for (uint32_t i = 0; i < MaxBuffers; ++i)
        if (launch.groupBytes[i] != 0)
            memset((void *)groupArgument(launch, i).begin, 0xFF, launch.groupBytes[i]);
    for (const Range & r : launch.kernel->groupVariables)
        memset((void *)r.begin, 0xFF, r.end - r.begin);
}
}
