namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>Columns that are multiplied in a step of a <see cref="ColumnSchedule"/>.</summary>
/// <param name="First">Where they start in the order of the columns.</param>
/// <param name="StartsUnit">Whether they are the first part of their unit.</param>
/// <param name="EndsUnit">Whether they are the last part of their unit.</param>
/// <param name="Sums">Where the unit's sums are held from its first part to its last.</param>
/// <param name="Group">Their group.</param>
/// <param name="Entry">Where what belongs to the group is held from the end of its first unit to that of its last; of a part that ends a unit.</param>
/// <param name="NeedsGroup">Whether their unit is the group's first that is complete, so that its scales are to be read.</param>
internal readonly record struct ScheduledPart(int First, bool StartsUnit, bool EndsUnit, int Sums, int Group, int Entry, bool NeedsGroup);
