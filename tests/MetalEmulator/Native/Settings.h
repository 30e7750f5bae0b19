// How the emulator behaves; set by name from the test process.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>

namespace emu {
enum class Order { Forward, Reverse, Random, Greedy };

struct Settings
{
    Order order = Order::Forward;
    uint32_t seed = 1;
    bool checked = false;           // see every access of a kernel: bounds, races, alignment
    std::string clang, linker, shim, cache;
    double secondsPerDispatch = 120; // of processor time
    uint64_t memoryLimit = 1ull << 40; // bytes in buffers that the device has
    uint64_t maxBufferLength = 1ull << 34;
    long family = 1009;             // newest Apple GPU family that is supported
    bool hasDefaultDevice = true, listsDevice = true;
    bool needsCoreGraphics = false; // no default device before CoreGraphics was called
    std::atomic<bool> hasCoreGraphics = false;
    std::string editFind, editReplace; // a seeded bug: applied to every source that is compiled
    int editOccurrence = 1;         // which of the places is edited; 0 is all
    std::atomic<bool> holdCommands = false; // command buffers wait before they run
    int failNextCommand = 0;        // MTLCommandBufferError code of the next command buffer
};
extern Settings settings;

// False when there is no such setting, or the value is none of its values.
bool setSetting(const std::string & name, const std::string & value);

// What was done so far; for tests of "one command buffer a step", and to see that an edit was applied.
struct Counters
{
    uint64_t compiles = 0, edits = 0, commandBuffers = 0, dispatches = 0, threads = 0, meetings = 0, barriers = 0, accesses = 0;
};
extern Counters counters;
int64_t counter(const std::string & name); // -1: no such counter
uint64_t storageBytes(bool shared); // in the buffers that are there now
}
