#pragma once
namespace metal {
enum class mem_flags : uint { mem_none = 0, mem_device = 1, mem_threadgroup = 2, mem_texture = 4 };
inline constexpr mem_flags operator|(mem_flags a, mem_flags b) { return (mem_flags)((uint)a | (uint)b); }

EMU_MEETS inline void threadgroup_barrier(mem_flags flags, uint line = __builtin_LINE()) { emu_threadgroup_barrier((uint)flags, line); }
EMU_MEETS inline void simdgroup_barrier(mem_flags flags, uint line = __builtin_LINE()) { emu_simdgroup_barrier((uint)flags, line); }
}
