// The calls that clang's sanitizers put into checked kernels. The sanitizers' own runtimes are not linked: these answer.
#include "../Export.h"
#include "../Threads/Running.h"
#include "Memory.h"
#include <cstring>

#define FROM (uint64_t)__builtin_return_address(0)
namespace emu {

#define ACCESSES(bytes) \
    EMU_EXPORT void __tsan_read##bytes(void * p) { access((uint64_t)p, bytes, false, FROM); } \
    EMU_EXPORT void __tsan_write##bytes(void * p) { access((uint64_t)p, bytes, true, FROM); } \
    EMU_EXPORT void __tsan_unaligned_read##bytes(void * p) { access((uint64_t)p, bytes, false, FROM); } \
    EMU_EXPORT void __tsan_unaligned_write##bytes(void * p) { access((uint64_t)p, bytes, true, FROM); } \
    EMU_EXPORT void __tsan_volatile_read##bytes(void * p) { access((uint64_t)p, bytes, false, FROM); } \
    EMU_EXPORT void __tsan_volatile_write##bytes(void * p) { access((uint64_t)p, bytes, true, FROM); }
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

EMU_EXPORT void __tsan_init() {}
EMU_EXPORT void __tsan_func_entry(void *) {}
EMU_EXPORT void __tsan_func_exit() {}

EMU_EXPORT void * __tsan_memcpy(void * to, const void * from, size_t n)
{
    access((uint64_t)from, (uint32_t)n, false, FROM);
    access((uint64_t)to, (uint32_t)n, true, FROM);
    return memcpy(to, from, n);
}
EMU_EXPORT void * __tsan_memmove(void * to, const void * from, size_t n)
{
    access((uint64_t)from, (uint32_t)n, false, FROM);
    access((uint64_t)to, (uint32_t)n, true, FROM);
    return memmove(to, from, n);
}
EMU_EXPORT void * __tsan_memset(void * to, int value, size_t n)
{
    access((uint64_t)to, (uint32_t)n, true, FROM);
    return memset(to, value, n);
}

EMU_EXPORT void __ubsan_handle_type_mismatch_minimal() { fail("misaligned access", FROM); }
EMU_EXPORT void __ubsan_handle_alignment_assumption_minimal() { fail("misaligned access", FROM); }
EMU_EXPORT void __ubsan_handle_out_of_bounds_minimal() { fail("array index out of bounds", FROM); }
EMU_EXPORT void __ubsan_handle_divrem_overflow_minimal() { fail("integer division by zero", FROM); }
}
