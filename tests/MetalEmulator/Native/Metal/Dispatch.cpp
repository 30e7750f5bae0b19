#include "Dispatch.h"
#include "../Findings.h"
#include <cstring>
#include <sys/mman.h>

namespace emu {
Bytes::Bytes(const void * from, uint64_t n) : length(n)
{
    mapping = (char *)mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(mapping + 4096, 4096, PROT_NONE);
    bytes = (char *)((uint64_t)(mapping + 4096 - n) & ~15ull);
    memcpy(bytes, from, n);
}
Bytes::~Bytes() { munmap(mapping, 8192); }

static std::string at(const Kernel & k, const Parameter & p) { return "kernel " + k.signature.name + ": buffer(" + std::to_string(p.index) + ") (" + p.name + ")"; }

// Empty where everything that the kernel asks for is there, is large enough and lies as its type wants.
static std::string wrong(const Encoder & e, Size3 groups, Size3 size)
{
    if (!e.pipeline)
        return "dispatch: no compute pipeline state is set";
    const Kernel & k = *e.pipeline->kernel;
    const std::string me = "kernel " + k.signature.name + ": ";
    if (size.count() == 0 || groups.count() == 0)
        return me + "a dispatch of no threads";
    if (size.count() > MaxThreads || size.x > MaxThreads || size.y > MaxThreads || size.z > MaxThreads)
        return me + std::to_string(size.count()) + " threads per threadgroup, of at most 1024";
    uint64_t bytes = k.groupBytes();
    for (uint64_t b : e.groupBytes)
        bytes += b;
    if (bytes > MaxThreadgroupBytes)
        return me + std::to_string(bytes) + " bytes of threadgroup memory, of at most 32768";
    for (size_t i = 0; i < k.signature.parameters.size(); ++i) {
        const Parameter & p = k.signature.parameters[i];
        if (p.kind == Parameter::Threadgroup && e.groupBytes[p.index] == 0)
            return me + "no length is set for threadgroup(" + std::to_string(p.index) + ") (" + p.name + ")";
        if (p.kind != Parameter::Pointer && p.kind != Parameter::Reference)
            continue;
        const Argument & a = e.buffers[p.index];
        if (!a.buffer && !a.bytes)
            return at(k, p) + " is not bound";
        const uint64_t length = a.buffer ? a.buffer->length - a.offset : a.bytes->length, needs = k.layout[2 * i], alignment = k.layout[2 * i + 1];
        if (p.kind == Parameter::Reference && length < needs)
            return at(k, p) + " has " + std::to_string(length) + " bytes, its type " + std::to_string(needs);
        if (a.offset % alignment != 0)
            return at(k, p) + " is bound at offset " + std::to_string(a.offset) + ", its type is aligned to " + std::to_string(alignment) + " bytes";
    }
    return "";
}

void addDispatch(Encoder & e, Size3 groups, Size3 size, Size3 threads)
{
    const std::string refused = wrong(e, groups, size);
    if (!refused.empty()) {
        report(refused);
        e.commands->commands.push_back([refused](std::string & error) { return error = refused, false; });
        return;
    }
    Launch launch;
    launch.library = e.pipeline->library;
    launch.kernel = e.pipeline->kernel;
    launch.groups = groups;
    launch.groupSize = size;
    launch.threads = threads;
    memcpy(launch.groupBytes, e.groupBytes, sizeof launch.groupBytes);
    auto arguments = std::make_shared<std::vector<Argument>>(e.buffers);
    const Pipeline * pipeline = e.pipeline;
    e.commands->commands.push_back([launch, arguments, pipeline](std::string & error) mutable {
        if (!stillThere(pipeline, "a pipeline state", error))
            return false;
        for (uint32_t i = 0; i < MaxBuffers; ++i) {
            const Argument & a = (*arguments)[i];
            if (!stillThere(a.buffer, "a buffer", error))
                return false;
            if (a.buffer)
                launch.buffers[i] = {(uint64_t)a.buffer->bytes + a.offset, a.buffer->length - a.offset};
            else if (a.bytes)
                launch.buffers[i] = {(uint64_t)a.bytes->bytes, a.bytes->length};
        }
        return run(launch, error);
    });
}
}
