#include "Races.h"
#include "../Threads/Running.h"
#include <unordered_map>

namespace emu {
namespace {
// When and by whom a byte was touched. Threadgroups are numbered over all dispatches, so nothing needs to be wiped between them.
struct Stamp
{
    uint32_t group = 0;    // 0: never
    uint16_t interval = 0; // between two barriers for this kind of memory
    uint16_t simd = 0;     // between two barriers of the simdgroup
    uint16_t thread = 0;
    bool atomic = false;
};
struct Cell
{
    Stamp write, reads[2]; // of two readers any third thread's write meets at least one
};
constexpr uint64_t PageBytes = 1024;
struct Page
{
    Cell cells[PageBytes];
};

thread_local std::unordered_map<uint64_t, Page> pages;
thread_local Page * lastPage;
thread_local uint64_t lastKey = ~0ull;
thread_local std::vector<Range> watched;
thread_local uint32_t group, firstGroup;
thread_local uint16_t interval[2]; // [0] device memory, [1] threadgroup memory
thread_local std::vector<uint16_t> simdInterval[2];

Cell & cellAt(uint64_t address)
{
    const uint64_t key = address / PageBytes;
    if (key != lastKey) {
        lastPage = &pages[key];
        lastKey = key;
    }
    return lastPage->cells[address % PageBytes];
}

Stamp now(bool atomic, bool inGroup)
{
    return {group, interval[inGroup], simdInterval[inGroup][current->ids->simdgroup], (uint16_t)current->ids->linear, atomic};
}

bool clashes(const Stamp & then, const Stamp & mine, bool inGroup)
{
    if (then.group < firstGroup || (then.atomic && mine.atomic))
        return false;
    if (then.group != mine.group)
        return !inGroup; // no barrier reaches over threadgroups
    if (then.thread == mine.thread || then.interval != mine.interval)
        return false;
    return then.thread / SimdWidth != mine.thread / SimdWidth || then.simd == mine.simd;
}

void noteRead(Cell & cell, const Stamp & mine, bool inGroup)
{
    Stamp & first = cell.reads[0], & second = cell.reads[1];
    if (!clashes(first, mine, inGroup))
        first = mine;
    else if (!clashes(second, mine, inGroup) || second.thread / SimdWidth == first.thread / SimdWidth)
        second = mine;
}

std::string clash(const char * what, const Stamp & then)
{
    return std::string(what) + " with thread " + std::to_string(then.thread) + (then.group != group ? " of another threadgroup" : "");
}
}

void watchRaces(const std::vector<Range> & written)
{
    watched = written;
    firstGroup = group + 1;
    // Freed now and then: stamps of earlier dispatches mean nothing any more.
    if (pages.size() > 4096) {
        pages.clear();
        lastKey = ~0ull;
    }
}

void beginRaces(uint32_t simdgroups)
{
    ++group;
    interval[0] = interval[1] = 0;
    for (auto & s : simdInterval)
        s.assign(simdgroups, 0);
}

// A barrier orders only the memory that it names.
void passThreadgroupBarrier(uint32_t flags)
{
    for (uint32_t kind = 0; kind < 2; ++kind)
        interval[kind] += flags >> kind & 1;
}

void passSimdgroupBarrier(uint32_t simdgroup, uint32_t flags)
{
    for (uint32_t kind = 0; kind < 2; ++kind)
        simdInterval[kind][simdgroup] += flags >> kind & 1;
}

std::string noteAccess(uint64_t address, uint32_t bytes, bool write, bool atomic, bool inGroup)
{
    bool any = false;
    for (const Range & r : watched)
        any |= address < r.end && address + bytes > r.begin;
    if (!any)
        return "";
    const Stamp mine = now(atomic, inGroup);
    for (uint64_t a = address; a < address + bytes; ++a) {
        Cell & cell = cellAt(a);
        if (clashes(cell.write, mine, inGroup))
            return clash(write ? "write-write race" : "read-write race", cell.write);
        if (!write) {
            noteRead(cell, mine, inGroup);
            continue;
        }
        for (const Stamp & read : cell.reads)
            if (clashes(read, mine, inGroup))
                return clash("write-read race", read);
        cell.write = mine;
    }
    return "";
}
}
