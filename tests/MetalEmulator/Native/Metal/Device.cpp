#include "../Export.h"
#include "../Settings.h"
#include "Objects.h"
#include <dlfcn.h>


namespace emu {
Classes classes;

static Id theDevice()
{
    static Id device = [] {
        Device * d = new Device;
        d->immortal = true;
        return born(d, classes.device);
    }();
    return device;
}

static Id deviceName(Id, Selector)
{
    RuntimeLock lock(runtimeLock());
    return autoreleased(newString("Metal emulator"));
}

// Apple families are 1001 and up, each a superset of the ones before; Metal3 is 5001 and needs Apple7.
static signed char supportsFamily(Id, Selector, long family)
{
    if (family >= 1001 && family < 2000)
        return family <= settings.family;
    return (family == 5001 && settings.family >= 1007) || (family >= 3001 && family <= 3003);
}

static signed char hasUnifiedMemory(Id, Selector) { return 1; }
static uint64_t maxBufferLength(Id, Selector) { return settings.maxBufferLength; }
static uint64_t workingSet(Id, Selector) { return settings.memoryLimit; }
static uint64_t maxThreadgroupMemory(Id, Selector) { return MaxThreadgroupBytes; }
static uint64_t allocated(Id, Selector) { return allocatedBytes(); }
static uint64_t registryId(Id, Selector) { return 1; }
static Id newBufferMethod(Id, Selector, uint64_t length, uint64_t options) { return newBuffer(length, options); }

static Id newQueue(Id, Selector)
{
    RuntimeLock lock(runtimeLock());
    return born(new Queue, classes.queue);
}
static Id newQueueOf(Id device, Selector s, uint64_t) { return newQueue(device, s); }

void defineDevices()
{
    Class * c = classes.device = defineClass("MTLDevice");
    defineCounting(c);
    define(c, "name", deviceName);
    define(c, "supportsFamily:", supportsFamily);
    define(c, "hasUnifiedMemory", hasUnifiedMemory);
    define(c, "maxBufferLength", maxBufferLength);
    define(c, "recommendedMaxWorkingSetSize", workingSet);
    define(c, "maxThreadgroupMemoryLength", maxThreadgroupMemory);
    define(c, "currentAllocatedSize", allocated);
    define(c, "registryID", registryId);
    define(c, "newBufferWithLength:options:", newBufferMethod);
    define(c, "newCommandQueue", newQueue);
    define(c, "newCommandQueueWithMaxCommandBufferCount:", newQueueOf);
}

__attribute__((constructor)) static void start()
{
    // The kernels' shared objects find what they call here.
    Dl_info self;
    if (dladdr((void *)&theDevice, &self))
        dlopen(self.dli_fname, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
    defineFoundation();
    defineDevices();
    defineBuffers();
    defineLibraries();
    defineCommands();
    defineCompute();
    defineBlits();
}

EMU_EXPORT Id MTLCreateSystemDefaultDevice()
{
    RuntimeLock lock(runtimeLock());
    return settings.hasDefaultDevice && (settings.hasCoreGraphics || !settings.needsCoreGraphics) ? theDevice() : nullptr;
}
// Any call into CoreGraphics means that the process has it.
EMU_EXPORT uint64_t CGColorSpaceGetTypeID()
{
    settings.hasCoreGraphics = true;
    return 1;
}
EMU_EXPORT Id MTLCopyAllDevices()
{
    RuntimeLock lock(runtimeLock());
    return newArray(settings.listsDevice ? std::vector<Id>{theDevice()} : std::vector<Id>{});
}
}
