// MTLComputeCommandEncoder.
#include "../Findings.h"
#include "../Settings.h"
#include "Dispatch.h"

namespace emu {
// The encoder, unless it has ended.
static Encoder * encoding(Id o, const char * what)
{
    Encoder * e = (Encoder *)o;
    if (e->ended)
        report(std::string(what) + ": the encoder has ended");
    return e->ended ? nullptr : e;
}

void Encoder::dispose()
{
    if (!ended)
        report("a compute command encoder is released without endEncoding");
    buffers.clear();
    release(commands);
}

static Id newEncoder(Id o, Selector)
{
    RuntimeLock lock(runtimeLock());
    CommandBuffer * c = openFor(o, "computeCommandEncoder");
    if (!c)
        return nullptr;
    Encoder * e = new Encoder;
    e->commands = c;
    e->buffers.resize(MaxBuffers);
    retain(c);
    return autoreleased(born(e, classes.compute));
}

// Concurrent dispatches would need races between dispatches to be found: only serial ones are emulated.
static Id newEncoderOfType(Id o, Selector s, uint64_t type)
{
    if (type != 0)
        return report("computeCommandEncoderWithDispatchType: concurrent dispatch is not emulated"), nullptr;
    return newEncoder(o, s);
}

static void setPipeline(Id o, Selector, Id pipeline)
{
    RuntimeLock lock(runtimeLock());
    Encoder * e = encoding(o, "setComputePipelineState");
    if (e && !pipeline)
        return report("setComputePipelineState: nil");
    if (e && (e->pipeline = (Pipeline *)argument(pipeline, classes.pipeline, "setComputePipelineState")))
        e->commands->hold(pipeline);
}

static void setBuffer(Id o, Selector, Id buffer, uint64_t offset, uint64_t index)
{
    RuntimeLock lock(runtimeLock());
    Encoder * e = encoding(o, "setBuffer");
    if (!e)
        return;
    if (index >= MaxBuffers)
        return report("setBuffer: index " + std::to_string(index) + " of at most 30");
    Buffer * b = (Buffer *)argument(buffer, classes.buffer, "setBuffer");
    if (b && offset >= b->length)
        return report("setBuffer: offset " + std::to_string(offset) + " is outside the buffer, which has " + std::to_string(b->length) + " bytes");
    e->buffers[index] = {b, offset, {}};
    if (b)
        e->commands->hold(b);
}

static void setBufferOffset(Id o, Selector s, uint64_t offset, uint64_t index)
{
    RuntimeLock lock(runtimeLock());
    Encoder * e = encoding(o, "setBufferOffset");
    if (!e)
        return;
    if (index >= MaxBuffers || !e->buffers[index].buffer)
        return report("setBufferOffset: no buffer is bound at index " + std::to_string(index));
    setBuffer(o, s, e->buffers[index].buffer, offset, index);
}

static void setBytes(Id o, Selector, const void * bytes, uint64_t length, uint64_t index)
{
    RuntimeLock lock(runtimeLock());
    Encoder * e = encoding(o, "setBytes");
    if (!e)
        return;
    if (index >= MaxBuffers)
        return report("setBytes: index " + std::to_string(index) + " of at most 30");
    if (length == 0 || length > 4096)
        return report("setBytes: " + std::to_string(length) + " bytes; 1 to 4096 can be set");
    e->buffers[index] = {nullptr, 0, std::make_shared<Bytes>(bytes, length)};
}

static void setGroupMemory(Id o, Selector, uint64_t length, uint64_t index)
{
    RuntimeLock lock(runtimeLock());
    Encoder * e = encoding(o, "setThreadgroupMemoryLength");
    if (!e)
        return;
    if (index >= MaxBuffers || length % 16 != 0)
        return report("setThreadgroupMemoryLength: " + std::to_string(length) + " bytes at index " + std::to_string(index) + "; a multiple of 16 at 0 to 30 can be set");
    e->groupBytes[index] = length;
}

static void dispatchGroups(Id o, Selector, Size3 groups, Size3 size)
{
    RuntimeLock lock(runtimeLock());
    if (Encoder * e = encoding(o, "dispatchThreadgroups"))
        addDispatch(*e, groups, size, {});
}

static void dispatchThreads(Id o, Selector, Size3 threads, Size3 size)
{
    RuntimeLock lock(runtimeLock());
    Encoder * e = encoding(o, "dispatchThreads");
    if (e && size.count() != 0)
        addDispatch(*e, {(threads.x + size.x - 1) / size.x, (threads.y + size.y - 1) / size.y, (threads.z + size.z - 1) / size.z}, size, threads);
    else if (e)
        report("dispatchThreads: a threadgroup of no threads");
}

// Serial dispatches see each other's writes without it.
static void memoryBarrier(Id o, Selector, uint64_t) { encoding(o, "memoryBarrier"); }

static void endEncoding(Id o, Selector)
{
    RuntimeLock lock(runtimeLock());
    if (Encoder * e = encoding(o, "endEncoding")) {
        e->ended = true;
        e->commands->encoding = false;
    }
}

void defineCompute()
{
    Class * c = classes.compute = defineClass("MTLComputeCommandEncoder");
    defineCounting(c);
    define(classes.commands, "computeCommandEncoder", newEncoder);
    define(classes.commands, "computeCommandEncoderWithDispatchType:", newEncoderOfType);
    define(c, "setComputePipelineState:", setPipeline);
    define(c, "setBuffer:offset:atIndex:", setBuffer);
    define(c, "setBufferOffset:atIndex:", setBufferOffset);
    define(c, "setBytes:length:atIndex:", setBytes);
    define(c, "setThreadgroupMemoryLength:atIndex:", setGroupMemory);
    define(c, "dispatchThreadgroups:threadsPerThreadgroup:", dispatchGroups);
    define(c, "dispatchThreads:threadsPerThreadgroup:", dispatchThreads);
    define(c, "memoryBarrierWithScope:", memoryBarrier);
    define(c, "endEncoding", endEncoding);
}
}
