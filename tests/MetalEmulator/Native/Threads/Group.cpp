#include "Group.h"
#include "../Checks/Races.h"
#include "../Settings.h"
#include <algorithm>
#include <vector>

namespace emu {
namespace {
struct Group
{
    uint32_t count;
    std::vector<uint32_t> lanes, simdgroups; // the order in which they run

    uint32_t first(uint32_t simdgroup) const { return simdgroup * SimdWidth; }
    uint32_t end(uint32_t simdgroup) const { return std::min(count, first(simdgroup) + SimdWidth); }
};

bool failed() { return !running->fault.empty(); }

std::string waiting(uint32_t thread)
{
    const Fiber & f = fiberAt(thread);
    const std::string at = " at line " + std::to_string(f.line), who = "thread " + std::to_string(thread);
    switch (f.state) {
    case Fiber::Done: return who + " has returned";
    case Fiber::AtMeeting: return who + " waits in a simdgroup operation" + at;
    case Fiber::AtBarrier: return who + " waits at a threadgroup barrier" + at;
    default: return who + " runs";
    }
}

bool refuse(const std::string & what, uint32_t a, uint32_t b)
{
    running->fault = what + ": " + waiting(a) + ", but " + waiting(b);
    return false;
}

// Every lane that has not returned brings its value; all leave with all values.
bool meet(const Group & group, uint32_t simdgroup, uint32_t leader)
{
    const Fiber & first = fiberAt(leader);
    for (uint32_t i = group.first(simdgroup); i < group.end(simdgroup); ++i) {
        const Fiber & f = fiberAt(i);
        if (f.state == Fiber::AtBarrier || (f.state == Fiber::AtMeeting && (f.operation != first.operation || f.line != first.line)))
            return refuse("the simdgroup diverges", leader, i);
        if (f.state == Fiber::Done && first.operation >= MatrixOperation && first.operation < SimdgroupBarrier)
            return refuse("a simdgroup_matrix operation needs all 32 lanes", leader, i);
    }
    Meeting & meeting = *first.meeting;
    meeting.mask = meeting.haveResult = 0;
    for (uint32_t i = group.first(simdgroup); i < group.end(simdgroup); ++i) {
        Fiber & f = fiberAt(i);
        const uint32_t lane = i - group.first(simdgroup);
        if (f.state != Fiber::AtMeeting)
            continue;
        meeting.low[lane] = f.low;
        meeting.high[lane] = f.high;
        meeting.mask |= 1u << lane;
        f.state = Fiber::Ready;
    }
    if (first.operation >= MatrixOperation && first.operation < SimdgroupBarrier && meeting.mask != 0xFFFFFFFFu)
        return running->fault = "a simdgroup_matrix operation at line " + std::to_string(first.line) + " needs all 32 lanes", false;
    if (first.operation >= SimdgroupBarrier)
        passSimdgroupBarrier(simdgroup, first.operation - SimdgroupBarrier);
    ++counters.meetings;
    return true;
}

// Runs the simdgroup's threads until each waits or has returned, then lets them meet. False where nothing moved.
bool step(const Group & group, uint32_t simdgroup)
{
    bool moved = false;
    for (uint32_t lane : group.lanes) {
        const uint32_t i = group.first(simdgroup) + lane;
        if (i >= group.end(simdgroup) || fiberAt(i).state != Fiber::Ready)
            continue;
        enter(fiberAt(i));
        moved = true;
        if (failed())
            return false;
    }
    for (uint32_t i = group.first(simdgroup); i < group.end(simdgroup); ++i)
        if (fiberAt(i).state == Fiber::AtMeeting)
            return meet(group, simdgroup, i);
    return moved;
}

// Nothing moves any more: all have returned, or all stand at one barrier, or something is wrong.
bool passBarrier(const Group & group, bool & done)
{
    uint32_t waits = 0, returned = 0, one = 0, other = 0;
    for (uint32_t i = 0; i < group.count; ++i) {
        const bool at = fiberAt(i).state == Fiber::AtBarrier;
        waits += at;
        returned += !at;
        (at ? one : other) = i;
    }
    done = returned == group.count;
    if (done)
        return true;
    if (waits != group.count)
        return refuse("a barrier is not reached by all threads", one, other);
    for (uint32_t i = 1; i < group.count; ++i)
        if (fiberAt(i).line != fiberAt(0).line || fiberAt(i).operation != fiberAt(0).operation)
            return refuse("threads wait at different barriers", 0, i);
    passThreadgroupBarrier(fiberAt(0).operation);
    for (uint32_t i = 0; i < group.count; ++i)
        fiberAt(i).state = Fiber::Ready;
    ++counters.barriers;
    return true;
}

void order(std::vector<uint32_t> & v, uint32_t count, std::mt19937 & random)
{
    v.resize(count);
    for (uint32_t i = 0; i < count; ++i)
        v[i] = settings.order == Order::Reverse ? count - 1 - i : i;
    if (settings.order == Order::Random)
        std::shuffle(v.begin(), v.end(), random);
}
}

bool runGroup(uint32_t count, std::mt19937 & random)
{
    Group group{count, {}, {}};
    order(group.lanes, SimdWidth, random);
    order(group.simdgroups, (count + SimdWidth - 1) / SimdWidth, random);
    // Greedy: between two barriers a simdgroup goes as far as it can before the next one starts. It begins with the last.
    if (settings.order == Order::Greedy)
        std::reverse(group.simdgroups.begin(), group.simdgroups.end());
    for (bool done = false; !done;) {
        bool moved = false;
        for (uint32_t s : group.simdgroups)
            while (step(group, s)) {
                moved = true;
                if (settings.order != Order::Greedy)
                    break;
            }
        if (failed() || (!moved && !passBarrier(group, done)))
            return false;
        if (!moved && settings.order == Order::Greedy)
            std::reverse(group.simdgroups.begin(), group.simdgroups.end());
        if (settings.order == Order::Random && moved)
            std::shuffle(group.simdgroups.begin(), group.simdgroups.end(), random);
    }
    return true;
}
}
