#include "Fiber.h"
#include <cstdlib>
#include <sys/mman.h>

extern "C" void emu_switch_stack(void ** from, void * to);
// Saves what a callee must keep on the stack that is left, then takes it from the stack that is entered.
asm(R"(
.text
.globl emu_switch_stack
.hidden emu_switch_stack
.type emu_switch_stack,@function
emu_switch_stack:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret
)");

namespace emu {
thread_local Fiber * current;
static thread_local void * schedulerStack;

bool Fiber::ownsStack(uint64_t address) const { return address - (uint64_t)stack < StackBytes; }

void Fiber::prepare(void (*entry)())
{
    if (!stack) {
        stack = (char *)mmap(nullptr, StackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stack == MAP_FAILED)
            abort();
        mprotect(stack, GuardBytes, PROT_NONE);
    }
    void ** top = (void **)(stack + StackBytes);
    *--top = nullptr; // a return address that nobody returns to: keeps the alignment that a call would leave
    *--top = (void *)entry;
    for (int saved = 0; saved < 6; ++saved)
        *--top = nullptr;
    stackPointer = top;
    state = Ready;
}

Fiber & fiberAt(uint32_t index)
{
    static Fiber * all = new Fiber[MaxThreads];
    return all[index];
}

void enter(Fiber & fiber)
{
    current = &fiber;
    emu_switch_stack(&schedulerStack, fiber.stackPointer);
    current = nullptr;
}

void leave(Fiber::State state)
{
    Fiber & fiber = *current;
    fiber.state = state;
    emu_switch_stack(&fiber.stackPointer, schedulerStack);
}
}
