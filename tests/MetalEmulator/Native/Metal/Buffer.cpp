#include "../Findings.h"
#include "../Settings.h"
#include "Objects.h"
#include <cstring>
#include <sys/mman.h>

namespace emu {
static uint64_t inUse, inPrivate;
constexpr uint64_t PageSize = 4096, PrivateStorage = 2 << 4;

uint64_t allocatedBytes() { return inUse; }
uint64_t storageBytes(bool shared) { return shared ? inUse - inPrivate : inPrivate; }

void Buffer::dispose()
{
    inUse -= length;
    if (!shared)
        inPrivate -= length;
    if (owned)
        munmap(mapping, mapped);
}

static bool fits(uint64_t length) { return length <= settings.maxBufferLength && inUse + length <= settings.memoryLimit; }

// Its last byte lies before an unmapped page, as nearly as 16-byte alignment lets it; it starts as NaN.
Id newBuffer(uint64_t length, uint64_t options)
{
    RuntimeLock lock(runtimeLock());
    if (length == 0)
        return report("newBufferWithLength: the length is 0"), nullptr;
    if (!fits(length))
        return nullptr;
    Buffer * b = new Buffer;
    b->mapped = (length + PageSize - 1) / PageSize * PageSize + 2 * PageSize;
    b->mapping = (char *)mmap(nullptr, b->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (b->mapping == MAP_FAILED) {
        delete b;
        return nullptr;
    }
    char * end = b->mapping + b->mapped - PageSize;
    mprotect(b->mapping, PageSize, PROT_NONE);
    mprotect(end, PageSize, PROT_NONE);
    b->bytes = (char *)((uint64_t)(end - length) & ~15ull);
    b->length = length;
    b->shared = (options & 0xF0) != PrivateStorage;
    memset(b->bytes, 0xFF, length);
    inUse += length;
    if (!b->shared)
        inPrivate += length;
    return born(b, classes.buffer);
}

static Id newBufferOf(Id, Selector, const void * bytes, uint64_t length, uint64_t options)
{
    Id b = newBuffer(length, options);
    if (b)
        memcpy(((Buffer *)b)->bytes, bytes, length);
    return b;
}

// Whole pages of this machine: a Mac's have 16 KiB.
static Id newBufferNoCopy(Id, Selector, void * bytes, uint64_t length, uint64_t options, void * deallocator)
{
    RuntimeLock lock(runtimeLock());
    const char * me = "newBufferWithBytesNoCopy: ";
    if (!bytes || (uint64_t)bytes % PageSize != 0 || length == 0)
        return report(std::string(me) + "the pointer must be page-aligned"), nullptr;
    if (length % PageSize != 0)
        return report(std::string(me) + "the length " + std::to_string(length) + " must be a multiple of the page size (4096)"), nullptr;
    if (deallocator)
        return report(std::string(me) + "deallocator blocks are not emulated"), nullptr;
    if ((options & 0xF0) == PrivateStorage)
        return report(std::string(me) + "the storage mode cannot be private"), nullptr;
    if (!fits(length))
        return nullptr;
    Buffer * b = new Buffer;
    b->owned = false;
    b->bytes = (char *)bytes;
    b->length = length;
    inUse += length;
    return born(b, classes.buffer);
}

static void * contents(Id o, Selector)
{
    if (((Buffer *)o)->shared)
        return ((Buffer *)o)->bytes;
    report("contents: a private buffer has none");
    return nullptr;
}
static uint64_t bufferLength(Id o, Selector) { return ((Buffer *)o)->length; }
static uint64_t storageMode(Id o, Selector) { return ((Buffer *)o)->shared ? 0 : 2; }

void defineBuffers()
{
    Class * c = classes.buffer = defineClass("MTLBuffer");
    defineCounting(c);
    define(c, "contents", contents);
    define(c, "length", bufferLength);
    define(c, "allocatedSize", bufferLength);
    define(c, "storageMode", storageMode);
    define(classes.device, "newBufferWithBytes:length:options:", newBufferOf);
    define(classes.device, "newBufferWithBytesNoCopy:length:options:deallocator:", newBufferNoCopy);
}
}
