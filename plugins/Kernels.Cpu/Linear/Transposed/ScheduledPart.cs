namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>Columns that are multiplied in a step of a <see cref="ColumnSchedule"/>.</summary>
/// <param name="First">Where they start in the order of the columns.</param>
/// <param name="EndsUnit">Whether they are the second part of their unit.</param>
/// <param name="Group">Their group.</param>
/// <param name="Entry">Where what belongs to the group is held from its first part to its last.</param>
/// <param name="NeedsGroup">Whether their unit is the group's first that is complete, so that its scales are to be read.</param>
internal readonly record struct ScheduledPart(int First, bool EndsUnit, int Group, int Entry, bool NeedsGroup);
