#include "Launch.h"
#include "../Checks/Memory.h"
#include "../Checks/Races.h"
#include "../Checks/Traps.h"
#include "../Settings.h"
#include "Group.h"
#include "GroupMemory.h"
#include <cstring>

namespace emu {
thread_local Running * running;

// What kernels read of the emulator lies together, where checked mode knows it for the emulator's own.
struct Shared
{
    uint64_t buffers[MaxBuffers], groupMemory[MaxBuffers]; // the addresses that the thunk takes
    ThreadIds ids[MaxThreads];
    Meeting meetings[MaxThreads / SimdWidth];
};
static Shared shared;

static void threadMain()
{
    running->launch->kernel->thunk(shared.buffers, shared.groupMemory, current->ids);
    leave(Fiber::Done);
    __builtin_trap();
}

std::string currentThread() { return "thread " + std::to_string(current->ids->linear); }

void fail(const std::string & what, uint64_t address)
{
    if (running->fault.empty()) {
        running->fault = what + " by " + currentThread();
        running->faultAddress = address;
    }
    leave(Fiber::Done);
    __builtin_trap();
}

static Size3 edged(const Launch & l, const uint64_t at[3])
{
    if (l.threads.count() == 0)
        return l.groupSize;
    return {std::min(l.groupSize.x, l.threads.x - at[0] * l.groupSize.x), std::min(l.groupSize.y, l.threads.y - at[1] * l.groupSize.y),
            std::min(l.groupSize.z, l.threads.z - at[2] * l.groupSize.z)};
}

static void fillIds(const Launch & l, const uint64_t at[3], const Size3 & size)
{
    const uint64_t full[3] = {l.groupSize.x, l.groupSize.y, l.groupSize.z}, now[3] = {size.x, size.y, size.z};
    const uint64_t groups[3] = {l.groups.x, l.groups.y, l.groups.z}, threads[3] = {l.threads.x, l.threads.y, l.threads.z};
    const uint32_t count = (uint32_t)size.count();
    for (uint32_t i = 0; i < count; ++i) {
        const uint64_t within[3] = {i % size.x, i / size.x % size.y, i / (size.x * size.y)};
        ThreadIds & t = shared.ids[i];
        for (int c = 0; c < 3; ++c) {
            t.groupIndex[c] = (uint32_t)at[c];
            t.groupPosition[c] = (uint32_t)within[c];
            t.groupSize[c] = (uint32_t)now[c];
            t.fullGroupSize[c] = (uint32_t)full[c];
            t.groupCount[c] = (uint32_t)groups[c];
            t.gridPosition[c] = (uint32_t)(at[c] * full[c] + within[c]);
            t.gridSize[c] = (uint32_t)(threads[c] ? threads[c] : groups[c] * full[c]);
        }
        t.linear = i;
        t.lane = i % SimdWidth;
        t.simdgroup = i / SimdWidth;
        t.simdWidth = SimdWidth;
        t.simdgroups = (count + SimdWidth - 1) / SimdWidth;
        Fiber & f = fiberAt(i);
        f.ids = &t;
        f.meeting = &shared.meetings[t.simdgroup];
        f.prepare(threadMain);
    }
}

static std::string described(const Launch & l, const uint64_t at[3], const Running & r)
{
    const std::string line = r.faultAddress ? lineOf(*l.library, r.faultAddress) : "";
    return "kernel " + l.kernel->signature.name + ", threadgroup (" + std::to_string(at[0]) + ", " + std::to_string(at[1]) + ", "
         + std::to_string(at[2]) + ")" + (line.empty() ? "" : ", " + line) + ": " + r.fault;
}

bool run(const Launch & launch, std::string & fault)
{
    Running here{&launch, {}, 0};
    for (uint32_t i = 0; i < MaxBuffers; ++i) {
        shared.buffers[i] = launch.buffers[i].address;
        shared.groupMemory[i] = launch.groupBytes[i] ? groupArgument(launch, i).begin : 0;
    }
    running = &here;
    std::mt19937 random(settings.seed);
    const uint64_t count = launch.groups.count();
    ++counters.dispatches;
    if (launch.library->checked)
        beginChecks(launch, {(uint64_t)&shared, (uint64_t)(&shared + 1)});
    Traps traps;
    for (uint64_t n = 0; n < count && fault.empty(); ++n) {
        const uint64_t i = settings.order == Order::Reverse ? count - 1 - n : n;
        const uint64_t at[3] = {i % launch.groups.x, i / launch.groups.x % launch.groups.y, i / (launch.groups.x * launch.groups.y)};
        const Size3 size = edged(launch, at);
        fillGroupMemory(launch);
        fillIds(launch, at, size);
        counters.threads += size.count();
        beginRaces((uint32_t)((size.count() + SimdWidth - 1) / SimdWidth));
        if (!runGroup((uint32_t)size.count(), random))
            fault = described(launch, at, here);
    }
    running = nullptr;
    return fault.empty();
}
}
