// A compiled source: a shared object with one thunk for each kernel.
#pragma once
#include "Abi.h"
#include "Signature.h"
#include <map>

namespace emu {
struct Range
{
    uint64_t begin = 0, end = 0;
    bool has(uint64_t address, uint64_t bytes) const { return address >= begin && address + bytes <= end; }
};

struct Kernel
{
    Signature signature;
    Thunk thunk = nullptr;
    const uint64_t * layout = nullptr;  // size and alignment of what each parameter points to
    std::vector<Range> groupVariables;  // threadgroup arrays declared inside
    uint64_t groupBytes() const;
};

struct Library
{
    std::string path; // of the shared object
    bool checked = false;
    Range image;      // where it is loaded
    std::map<std::string, Kernel> kernels;
};

// Compiles Metal source, or finds it in the cache. Null, with clang's or the emulator's words in `error`, where it does not compile.
const Library * compile(const std::string & source, std::string & error);
// The preprocessed source, for the linter; empty, with `error`, where it cannot be had.
std::string preprocess(const std::string & source, std::string & error);
// clang's dump of the syntax tree, for the linter; empty, with `error`, where clang or a rule for kernels refuses the source.
std::string syntaxTree(const std::string & source, std::string & error);
// The source line of an address of the library's code, as "line 12"; empty where that is not known.
std::string lineOf(const Library & library, uint64_t address);
}
