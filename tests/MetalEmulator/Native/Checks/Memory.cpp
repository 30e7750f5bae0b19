#include "Memory.h"
#include "../Settings.h"
#include "../Threads/GroupMemory.h"
#include "../Threads/Running.h"
#include "Races.h"

namespace emu {
namespace {
struct Region
{
    Range range;
    bool inGroup, written; // threadgroup memory; may be written
    uint32_t index;        // of the buffer
};
struct State
{
    std::vector<Region> regions;
    Range own, image;
    size_t last = 0; // the region of the access before
};
thread_local State state;

std::string hex(uint64_t bytes) { return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes"); }

// The buffer that the address is nearest to, for the message.
std::string nearest(uint64_t address)
{
    const Region * best = nullptr;
    uint64_t distance = 1 << 20;
    for (const Region & r : state.regions) {
        const uint64_t d = address < r.range.begin ? r.range.begin - address : address - r.range.begin < r.range.end - r.range.begin ? 0 : address - r.range.end;
        if (d < distance) {
            distance = d;
            best = &r;
        }
    }
    if (!best)
        return "outside every buffer";
    const std::string at = "at byte " + std::to_string((int64_t)(address - best->range.begin)) + " of ", has = ", which has " + hex(best->range.end - best->range.begin);
    return at + (best->inGroup ? best->index == MaxBuffers ? "a threadgroup array" : "threadgroup(" + std::to_string(best->index) + ")" : "buffer(" + std::to_string(best->index) + ")") + has;
}

const Region * find(uint64_t address, uint32_t bytes, bool write)
{
    const Region * readable = nullptr;
    if (state.last < state.regions.size() && state.regions[state.last].range.has(address, bytes) && (!write || state.regions[state.last].written))
        return &state.regions[state.last];
    for (size_t i = 0; i < state.regions.size(); ++i) {
        const Region & r = state.regions[i];
        if (!r.range.has(address, bytes))
            continue;
        readable = &r;
        state.last = i;
        if (!write || r.written)
            return readable;
    }
    return readable;
}
}

void beginChecks(const Launch & launch, Range own)
{
    state.regions.clear();
    state.own = own;
    state.image = launch.library->image;
    std::vector<Range> written;
    for (const Parameter & p : launch.kernel->signature.parameters)
        if (p.kind == Parameter::Pointer || p.kind == Parameter::Reference) {
            const Bound & b = launch.buffers[p.index];
            state.regions.push_back({{b.address, b.address + b.bytes}, false, p.written, p.index});
        } else if (p.kind == Parameter::Threadgroup)
            state.regions.push_back({groupArgument(launch, p.index), true, true, p.index});
    for (const Range & r : launch.kernel->groupVariables)
        state.regions.push_back({r, true, true, MaxBuffers});
    std::vector<Range> raced;
    for (const Region & r : state.regions)
        if (r.written)
            raced.push_back(r.range);
    watchRaces(raced);
}

static void check(uint64_t address, uint32_t bytes, bool write, bool atomic, uint64_t from)
{
    if (!current || current->ownsStack(address) || state.own.has(address, 1))
        return;
    ++counters.accesses;
    const Region * region = find(address, bytes, write);
    if (!region && !write && state.image.has(address, bytes))
        return; // a table in constant memory
    if (!region)
        fail((write ? "write of " : "read of ") + hex(bytes) + " out of bounds, " + nearest(address) + ",", from);
    if (write && !region->written)
        fail("write to buffer(" + std::to_string(region->index) + "), which the kernel declares const,", from);
    const std::string race = noteAccess(address, bytes, write, atomic, region->inGroup);
    if (!race.empty())
        fail(race + (region->inGroup ? " in threadgroup memory" : " in buffer(" + std::to_string(region->index) + ")")
             + " at byte " + std::to_string(address - region->range.begin) + ", noticed", from);
}

void access(uint64_t address, uint32_t bytes, bool write, uint64_t from) { check(address, bytes, write, false, from); }
void accessAtomic(uint64_t address, bool write, uint64_t from) { check(address, 4, write, true, from); }
}
