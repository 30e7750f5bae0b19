// While it lives, a kernel that faults (unmapped memory, division by zero) or does not end is left, and the process goes on.
#pragma once
#include <ctime>

namespace emu {
class Traps
{
public:
    Traps();
    ~Traps();
    Traps(const Traps &) = delete;

private:
    timer_t watch;
};
}
