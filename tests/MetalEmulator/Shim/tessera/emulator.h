// What a kernel asks of the emulator. The layouts are those of Native/Kernels/Abi.h.
#pragma once

struct EmuThread
{
    uint gridPosition[3], groupPosition[3], groupIndex[3], groupSize[3], fullGroupSize[3], groupCount[3], gridSize[3];
    uint lane, simdgroup, linear, simdWidth, simdgroups;
};

// What the lanes of a simdgroup brought to a meeting: 16 bytes each. `result` is for the first lane to leave, when all get the same.
struct EmuMeeting
{
    ulong low[32], high[32];
    ulong resultLow, resultHigh;
    uint mask, haveResult;
};

#define EMU_MEETS __attribute__((convergent))
extern "C" {
EMU_MEETS __private EmuMeeting * emu_meet(ulong low, ulong high, uint operation, uint line);
EMU_MEETS void emu_simdgroup_barrier(uint flags, uint line);
EMU_MEETS void emu_threadgroup_barrier(uint flags, uint line);
__attribute__((const)) uint emu_lane(void); // the same for as long as a thread lives
void emu_fault(uint code, uint line);
uint emu_atomic(ulong address, uint operation, uint value, uint expected);
}
enum { EMU_NO_SUCH_LANE = 1, EMU_DELTA_DIFFERS = 2, EMU_STRIDE_DIFFERS = 3 };
