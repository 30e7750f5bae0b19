#include "Traps.h"
#include "../Settings.h"
#include "../Threads/Running.h"
#include <csignal>
#include <mutex>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace emu {
static struct sigaction before[NSIG];
static thread_local int trapped;
static thread_local uint64_t trappedAt, trappedAddress;

static int watchSignal() { return SIGRTMIN + 9; }

// Runs on the faulty thread's own stack, once the signal is over.
static void landing()
{
    static char text[32];
    snprintf(text, sizeof text, "0x%lx", (unsigned long)trappedAddress);
    if (trapped == watchSignal())
        fail("no end after " + std::to_string((int)settings.secondsPerDispatch) + " s of processor time", trappedAt);
    if (trapped == SIGFPE)
        fail("integer division by zero", trappedAt);
    if (trapped == SIGSEGV && trappedAddress - (uint64_t)current->stack < GuardBytes)
        fail("stack overflow", trappedAt);
    fail(trappedAddress ? "access to unmapped memory (" + std::string(text) + ")" : "misaligned access", trappedAt);
}

static void handle(int signal, siginfo_t * info, void * context)
{
    greg_t * registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint64_t at = (uint64_t)registers[REG_RIP];
    const bool inKernel = running && current && running->launch->library->image.has(at, 1);
    if (signal == watchSignal() && !inKernel)
        return; // between two threads: the timer comes again
    // A fault in a library function that a kernel called (a copy of memory) is the kernel's too.
    if (signal == watchSignal() || (running && current)) {
        trapped = signal;
        trappedAt = at + 1; // as a return address would be: behind the instruction
        trappedAddress = (uint64_t)info->si_addr;
        if (signal == SIGSEGV && info->si_code == SI_KERNEL)
            trappedAddress = 0; // a misaligned vector instruction names no address
        registers[REG_RIP] = (greg_t)landing;
        registers[REG_RSP] = (greg_t)(current->stack + StackBytes - 8);
        return;
    }
    const struct sigaction & old = before[signal];
    if (old.sa_flags & SA_SIGINFO)
        old.sa_sigaction(signal, info, context);
    else if (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN)
        old.sa_handler(signal);
    else
        sigaction(signal, &old, nullptr); // the fault happens again, and ends the process as it would have
}

Traps::Traps()
{
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action{};
        action.sa_sigaction = handle;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
        sigemptyset(&action.sa_mask);
        for (int signal : {SIGSEGV, SIGBUS, SIGFPE, watchSignal()})
            sigaction(signal, &action, &before[signal]);
    });
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = watchSignal();
    event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
    timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &watch);
    itimerspec spec{};
    spec.it_value.tv_sec = (time_t)settings.secondsPerDispatch;
    spec.it_value.tv_nsec = (long)((settings.secondsPerDispatch - (double)spec.it_value.tv_sec) * 1e9);
    spec.it_interval.tv_nsec = 5000000;
    timer_settime(watch, 0, &spec, nullptr);
}

Traps::~Traps() { timer_delete(watch); }
}
