// The Metal objects behind the selectors, and what each holds.
#pragma once
#include "../ObjectiveC/Foundation.h"
#include "../Threads/Launch.h"
#include <functional>
#include <memory>

namespace emu {
struct Device : Object {};

struct Buffer : Object
{
    char *mapping = nullptr, *bytes = nullptr;
    uint64_t mapped = 0, length = 0;
    bool owned = true, shared = true; // shared: the host may look into it
    void dispose() override;
};

struct LibraryObject : Object
{
    const Library * library = nullptr;
};

struct Function : Object
{
    const Library * library = nullptr;
    const Kernel * kernel = nullptr;
};

struct Pipeline : Object
{
    const Library * library = nullptr;
    const Kernel * kernel = nullptr;
};

struct Options : Object {};

// NotEnqueued = 0, Committed = 2, Completed = 4, Error = 5: MTLCommandBufferStatus.
struct CommandBuffer : Object
{
    std::vector<std::function<bool(std::string &)>> commands;
    std::vector<Id> held;
    bool holds = true; // keeps what its commands use alive
    bool encoding = false, polled = false;
    uint64_t status = 0;
    long errorCode = 0;
    std::string error;
    double started = 0, ended = 0;
    struct Queue * queue = nullptr;
    void hold(Id object);
    void dispose() override;
};

struct Queue : Object
{
    std::vector<CommandBuffer *> committed; // in order; each is run when it, or one after it, is waited for
    std::recursive_mutex running;
    void dispose() override;
};

struct Classes
{
    Class *device, *buffer, *library, *function, *pipeline, *options, *queue, *commands, *compute, *blit;
};
extern Classes classes;

using RuntimeLock = std::lock_guard<std::recursive_mutex>;
constexpr long OutOfMemoryCode = 8, PageFaultCode = 3;

void defineDevices();
void defineBuffers();
void defineLibraries();
void defineCommands();
void defineCompute();
void defineBlits();

Id newBuffer(uint64_t length, uint64_t options);
uint64_t allocatedBytes();
CommandBuffer * openFor(Id commandBuffer, const char * what); // null, and a finding, where it takes no encoder now
void runCommitted(CommandBuffer * last);
// Why the object cannot be used by a command that runs now; empty: it can.
bool stillThere(const Object * object, const char * what, std::string & error);
}
