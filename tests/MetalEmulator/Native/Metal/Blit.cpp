// MTLBlitCommandEncoder: copies and fills of buffers.
#include "../Findings.h"
#include "Objects.h"
#include <cstring>

namespace emu {
struct BlitEncoder : Object
{
    CommandBuffer * commands = nullptr;
    bool ended = false;
    void dispose() override
    {
        if (!ended)
            report("a blit command encoder is released without endEncoding");
        release(commands);
    }
};
struct Span
{
    uint64_t location, length;
};

static Id newBlit(Id o, Selector)
{
    RuntimeLock lock(runtimeLock());
    CommandBuffer * c = openFor(o, "blitCommandEncoder");
    if (!c)
        return nullptr;
    BlitEncoder * e = new BlitEncoder;
    e->commands = c;
    retain(c);
    return autoreleased(born(e, classes.blit));
}

static bool inside(const Buffer * b, uint64_t offset, uint64_t n, const char * what)
{
    if (b && offset <= b->length && n <= b->length - offset && n != 0)
        return true;
    report(std::string(what) + ": " + std::to_string(n) + " bytes at " + std::to_string(offset) + " of " + (b ? "a buffer of " + std::to_string(b->length) : "no buffer"));
    return false;
}

static void copy(Id o, Selector, Id from, uint64_t fromOffset, Id to, uint64_t toOffset, uint64_t n)
{
    RuntimeLock lock(runtimeLock());
    BlitEncoder * e = (BlitEncoder *)o;
    const char * me = "copyFromBuffer";
    Buffer *a = (Buffer *)argument(from, classes.buffer, me), *b = (Buffer *)argument(to, classes.buffer, me);
    if (e->ended)
        return report("copyFromBuffer: the encoder has ended");
    if (!inside(a, fromOffset, n, me) || !inside(b, toOffset, n, me))
        return;
    if (a == b && fromOffset < toOffset + n && toOffset < fromOffset + n)
        return report("copyFromBuffer: the ranges overlap");
    e->commands->hold(a);
    e->commands->hold(b);
    e->commands->commands.push_back([=](std::string & error) {
        if (!stillThere(a, "a buffer", error) || !stillThere(b, "a buffer", error))
            return false;
        memcpy(b->bytes + toOffset, a->bytes + fromOffset, n);
        return true;
    });
}

static void fill(Id o, Selector, Id buffer, Span range, uint8_t value)
{
    RuntimeLock lock(runtimeLock());
    BlitEncoder * e = (BlitEncoder *)o;
    Buffer * b = (Buffer *)argument(buffer, classes.buffer, "fillBuffer");
    if (e->ended)
        return report("fillBuffer: the encoder has ended");
    if (!inside(b, range.location, range.length, "fillBuffer"))
        return;
    e->commands->hold(b);
    e->commands->commands.push_back([=](std::string & error) {
        if (!stillThere(b, "a buffer", error))
            return false;
        memset(b->bytes + range.location, value, range.length);
        return true;
    });
}

static void endBlit(Id o, Selector)
{
    RuntimeLock lock(runtimeLock());
    BlitEncoder * e = (BlitEncoder *)o;
    if (e->ended)
        return report("endEncoding: the encoder has ended");
    e->ended = true;
    e->commands->encoding = false;
}

void defineBlits()
{
    Class * c = classes.blit = defineClass("MTLBlitCommandEncoder");
    defineCounting(c);
    define(classes.commands, "blitCommandEncoder", newBlit);
    define(c, "copyFromBuffer:sourceOffset:toBuffer:destinationOffset:size:", copy);
    define(c, "fillBuffer:range:value:", fill);
    define(c, "endEncoding", endBlit);
}
}
