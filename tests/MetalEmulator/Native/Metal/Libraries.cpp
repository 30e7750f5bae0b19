// MTLLibrary, MTLFunction, MTLComputePipelineState, MTLCompileOptions.
#include "Objects.h"

namespace emu {
static Id newLibrary(Id, Selector, Id source, Id, Id * error)
{
    std::string why;
    const Library * library = compile(textOf(source, "newLibraryWithSource"), why);
    RuntimeLock lock(runtimeLock());
    if (!library) {
        if (error)
            *error = newError(why, "MTLLibraryErrorDomain", 3);
        return nullptr;
    }
    LibraryObject * o = new LibraryObject;
    o->library = library;
    return born(o, classes.library);
}

static Id newFunction(Id o, Selector, Id name)
{
    RuntimeLock lock(runtimeLock());
    const Library * library = ((LibraryObject *)o)->library;
    auto found = library->kernels.find(textOf(name, "newFunctionWithName"));
    if (found == library->kernels.end())
        return nullptr;
    Function * f = new Function;
    f->library = library;
    f->kernel = &found->second;
    return born(f, classes.function);
}

static Id functionNames(Id o, Selector)
{
    RuntimeLock lock(runtimeLock());
    std::vector<Id> names;
    for (auto & k : ((LibraryObject *)o)->library->kernels)
        names.push_back(newString(k.first));
    Id all = newArray(names);
    for (Id n : names)
        release(n);
    return autoreleased(all);
}

static Id newPipeline(Id, Selector, Id function, Id * error)
{
    RuntimeLock lock(runtimeLock());
    Function * f = (Function *)argument(function, classes.function, "newComputePipelineStateWithFunction");
    std::string why = f ? "" : "there is no function";
    if (f && f->kernel->groupBytes() > MaxThreadgroupBytes)
        why = "kernel " + f->kernel->signature.name + ": " + std::to_string(f->kernel->groupBytes()) + " bytes of threadgroup memory, of at most 32768";
    if (!why.empty()) {
        if (error)
            *error = newError(why, "MTLComputePipelineErrorDomain", 3);
        return nullptr;
    }
    Pipeline * p = new Pipeline;
    p->library = f->library;
    p->kernel = f->kernel;
    return born(p, classes.pipeline);
}

static uint64_t maxThreads(Id, Selector) { return MaxThreads; }
static uint64_t simdWidth(Id, Selector) { return SimdWidth; }
static uint64_t staticMemory(Id o, Selector) { return ((Pipeline *)o)->kernel->groupBytes(); }
static Id allocOptions(Id, Selector)
{
    RuntimeLock lock(runtimeLock());
    return born(new Options, classes.options);
}
static Id initOptions(Id o, Selector) { return o; }
// Fast mathematics changes nothing here: see the folder's README for what is not modelled.
static void setOption(Id, Selector, long) {}

void defineLibraries()
{
    classes.library = defineClass("MTLLibrary");
    classes.function = defineClass("MTLFunction");
    classes.pipeline = defineClass("MTLComputePipelineState");
    classes.options = defineClass("MTLCompileOptions");
    for (Class * c : {classes.library, classes.function, classes.pipeline, classes.options})
        defineCounting(c);
    define(classes.device, "newLibraryWithSource:options:error:", newLibrary);
    define(classes.device, "newComputePipelineStateWithFunction:error:", newPipeline);
    define(classes.library, "newFunctionWithName:", newFunction);
    define(classes.library, "functionNames", functionNames);
    define(classes.pipeline, "maxTotalThreadsPerThreadgroup", maxThreads);
    define(classes.pipeline, "threadExecutionWidth", simdWidth);
    define(classes.pipeline, "staticThreadgroupMemoryLength", staticMemory);
    define(classes.options->meta, "alloc", allocOptions);
    define(classes.options->meta, "new", allocOptions);
    define(classes.options, "init", initOptions);
    for (const char * option : {"setFastMathEnabled:", "setMathMode:", "setLanguageVersion:", "setOptimizationLevel:"})
        define(classes.options, option, setOption);
}
}
