#pragma once
#include "Objects.h"

namespace emu {
// A copy of what setBytes was given, with an unmapped page behind it.
struct Bytes
{
    Bytes(const void * from, uint64_t n);
    ~Bytes();
    Bytes(const Bytes &) = delete;
    char *mapping, *bytes;
    uint64_t length;
};

struct Argument
{
    Buffer * buffer = nullptr;
    uint64_t offset = 0;
    std::shared_ptr<Bytes> bytes;
};

struct Encoder : Object
{
    CommandBuffer * commands = nullptr;
    Pipeline * pipeline = nullptr;
    std::vector<Argument> buffers;
    uint64_t groupBytes[MaxBuffers] = {};
    bool ended = false;
    void dispose() override;
};

// Checks what Metal's validation checks, and adds the dispatch to the command buffer. `threads` is the grid's size where threads were asked for.
void addDispatch(Encoder & encoder, Size3 groups, Size3 size, Size3 threads);
}
