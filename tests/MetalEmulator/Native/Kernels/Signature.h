// The kernels of a source and their parameters, read from the preprocessed text.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace emu {
struct Parameter
{
    enum Kind { Pointer, Reference, Threadgroup, Id } kind;
    std::string type, name, attribute; // type without the name; attribute without its index
    uint32_t index;                    // of buffer(n) or threadgroup(n)
    bool written;                      // device memory that is not const
};

struct Signature
{
    std::string name;
    std::vector<Parameter> parameters;
};

// Reads every `kernel void`. An error says what Apple's compiler says of it, or what this emulator does not know.
bool readSignatures(const std::string & text, std::vector<Signature> & kernels, std::string & error);
}
