// What compiled kernels and the emulator share. The layouts are those of Shim/tessera/emulator.h.
#pragma once
#include <cstdint>

namespace emu {
constexpr uint32_t SimdWidth = 32, MaxBuffers = 31, MaxThreads = 1024, MaxThreadgroupBytes = 32 * 1024;

struct ThreadIds
{
    uint32_t gridPosition[3], groupPosition[3], groupIndex[3], groupSize[3], fullGroupSize[3], groupCount[3], gridSize[3];
    uint32_t lane, simdgroup, linear, simdWidth, simdgroups;
};

struct Meeting
{
    uint64_t low[SimdWidth], high[SimdWidth];
    uint64_t resultLow, resultHigh;
    uint32_t mask, haveResult;
};

// Operations from here on need all 32 lanes.
constexpr uint32_t MatrixOperation = 32, SimdgroupBarrier = 1000;

// Calls a kernel for one thread: addresses of buffers, addresses of threadgroup memory, the thread's ids.
using Thunk = void (*)(const uint64_t * buffers, const uint64_t * groupMemory, const ThreadIds * ids);
}
