using Tessera.Kernels.Cpu.Plan;

namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>Gives values their memory once: those that are never alive in the same stage share it.</summary>
internal static unsafe class BufferPlan
{
    /// <summary>Places all values, with room for a number of rows each.</summary>
    public static void Place(IEnumerable<ValueBuffer> values, int rows, NativeArena arena)
    {
        List<Slot> slots = [];
        foreach (ValueBuffer value in values.OrderBy(v => v.FirstStage))
        {
            Slot? best = null;
            foreach (Slot slot in slots)
                if (slot.BusyUntil < value.FirstStage && (best is null || Waste(slot, value) < Waste(best, value)))
                    best = slot;
            if (best is null)
                slots.Add(best = new Slot());
            best.Floats = Math.Max(best.Floats, (long)value.Stride * rows);
            best.BusyUntil = value.LastStage;
            best.Values.Add(value);
        }
        foreach (Slot slot in slots)
        {
            float* data = arena.Floats(slot.Floats);
            foreach (ValueBuffer value in slot.Values)
                value.Place(data);
        }

        long Waste(Slot slot, ValueBuffer value) => Math.Abs(slot.Floats - (long)value.Stride * rows);
    }

    private sealed class Slot
    {
        public long Floats { get; set; }

        public int BusyUntil { get; set; }

        public List<ValueBuffer> Values { get; } = [];
    }
}
