// MTLCommandQueue and MTLCommandBuffer. Nothing runs at commit: commands run when somebody waits, so that a host that reads too early reads too early.
#include "../Findings.h"
#include "../Settings.h"
#include "Objects.h"
#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>

namespace emu {
static double now()
{
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// One dispatch at a time, whatever the queue: threads of kernels use one set of stacks.
static std::mutex & gpu()
{
    static auto * guard = new std::mutex;
    return *guard;
}

void CommandBuffer::hold(Id object)
{
    if (!holds)
        return;
    retain(object);
    held.push_back(object);
}

void CommandBuffer::dispose()
{
    for (Id o : held)
        release(o);
    held.clear();
    commands.clear();
    release(queue);
}

void Queue::dispose()
{
    if (!committed.empty())
        report("a command queue is released before its command buffers have completed");
}

bool stillThere(const Object * object, const char * what, std::string & error)
{
    if (object && object->dead)
        error = std::string(what) + " was released before the command buffer that uses it has completed";
    return error.empty();
}

CommandBuffer * openFor(Id o, const char * what)
{
    CommandBuffer * c = (CommandBuffer *)o;
    if (c->status != 0)
        return report(std::string(what) + ": the command buffer is already committed"), nullptr;
    if (c->encoding)
        return report(std::string(what) + ": the command buffer's previous encoder has not ended"), nullptr;
    c->encoding = true;
    return c;
}

static void execute(CommandBuffer * c)
{
    while (settings.holdCommands)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::lock_guard lock(gpu());
    c->started = now();
    if (settings.failNextCommand != 0) {
        c->errorCode = settings.failNextCommand;
        c->error = "the test asked for error " + std::to_string(c->errorCode);
        settings.failNextCommand = 0;
    }
    for (size_t i = 0; i < c->commands.size() && c->error.empty(); ++i)
        if (!c->commands[i](c->error)) {
            c->errorCode = PageFaultCode;
            report(c->error);
        }
    c->ended = now();
    c->status = c->error.empty() ? 4 : 5;
}

void runCommitted(CommandBuffer * last)
{
    if (last->status != 2)
        return;
    Queue * queue = last->queue;
    std::lock_guard order(queue->running);
    for (CommandBuffer * next = nullptr; next != last && last->status == 2;) {
        {
            RuntimeLock lock(runtimeLock());
            next = queue->committed.front();
            queue->committed.erase(queue->committed.begin());
        }
        execute(next);
        RuntimeLock lock(runtimeLock());
        for (Id o : next->held)
            release(o);
        next->held.clear();
        next->commands.clear();
        release(next); // the queue's
    }
}

static Id newCommandBuffer(Id o, bool holds)
{
    RuntimeLock lock(runtimeLock());
    CommandBuffer * c = new CommandBuffer;
    c->holds = holds;
    c->queue = (Queue *)o;
    retain(o);
    return autoreleased(born(c, classes.commands));
}
static Id commandBuffer(Id o, Selector) { return newCommandBuffer(o, true); }
static Id unretainedCommandBuffer(Id o, Selector) { return newCommandBuffer(o, false); }

static void commit(Id o, Selector)
{
    RuntimeLock lock(runtimeLock());
    CommandBuffer * c = (CommandBuffer *)o;
    if (c->status != 0)
        return report("commit: the command buffer is already committed");
    if (c->encoding)
        report("commit: the command buffer's encoder has not ended");
    c->status = 2;
    if (c->encoding) {
        c->commands.clear();
        c->commands.push_back([](std::string & error) { return error = "committed while an encoder was still encoding", false; });
    }
    ++counters.commandBuffers;
    retain(c);
    c->queue->committed.push_back(c);
}

static void waitUntilCompleted(Id o, Selector)
{
    if (((CommandBuffer *)o)->status == 0)
        return report("waitUntilCompleted: the command buffer is not committed");
    runCommitted((CommandBuffer *)o);
}

// The first look at a committed buffer finds it unfinished; looking on finds it done, as time would on a Mac.
static uint64_t status(Id o, Selector)
{
    CommandBuffer * c = (CommandBuffer *)o;
    if (c->status == 2 && c->polled)
        runCommitted(c);
    c->polled = c->status == 2;
    return c->status;
}
static Id error(Id o, Selector)
{
    CommandBuffer * c = (CommandBuffer *)o;
    return c->status == 5 ? newError(c->error, "MTLCommandBufferErrorDomain", c->errorCode) : nullptr;
}
static double started(Id o, Selector) { return ((CommandBuffer *)o)->started; }
static double ended(Id o, Selector) { return ((CommandBuffer *)o)->ended; }
static void nothing(Id, Selector) {}

void defineCommands()
{
    classes.queue = defineClass("MTLCommandQueue");
    Class * c = classes.commands = defineClass("MTLCommandBuffer");
    defineCounting(classes.queue);
    defineCounting(c);
    define(classes.queue, "commandBuffer", commandBuffer);
    define(classes.queue, "commandBufferWithUnretainedReferences", unretainedCommandBuffer);
    define(c, "enqueue", nothing);
    define(c, "commit", commit);
    define(c, "waitUntilCompleted", waitUntilCompleted);
    define(c, "status", status);
    define(c, "error", error);
    define(c, "GPUStartTime", started);
    define(c, "GPUEndTime", ended);
}
}
