// The ids that a kernel may ask for, and how an argument is made of each.
#pragma once
#include <string>

namespace emu {
struct ThreadId
{
    const char * field; // of ThreadIds
    int components;     // 3: may be asked for as a scalar, or as a vector of two or three
};

const ThreadId * idOf(const std::string & attribute); // null: no such id
int componentsOf(const std::string & type);     // 1 of uint or ushort, 2 or 3 of their vectors, 0 of anything else
std::string idArgument(const ThreadId & id, const std::string & type); // an expression in terms of t, the thread's ids
}
