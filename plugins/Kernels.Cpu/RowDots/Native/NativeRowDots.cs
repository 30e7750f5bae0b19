using Tessera.Kernels.Cpu.Linear.Grouped;
using Tessera.Kernels.Cpu.Linear.Nibbles;
using Tessera.Kernels.Cpu.Linear.Transposed;

namespace Tessera.Kernels.Cpu.RowDots.Native;

/// <summary>The row dots of tile sources that a runtime uses.</summary>
/// <param name="sources">Tile sources, in order of preference.</param>
/// <param name="isa">What kernels may use.</param>
internal sealed class NativeRowDots(IReadOnlyList<ITileSource> sources, CpuIsa isa) : IDisposable
{
    private readonly NativeKernels<string, NativeRows> _rows = new(isa.Avx512 ? sources : [], type => $"rows of {type}");
    private readonly NativeKernels<int, NativeGroups> _groups = new(isa.Avx512Vbmi ? sources : [], bits => $"rows of groups of {bits} bits");
    private readonly NativeKernels<NibbleForm, NativeNibbles> _nibbles = new(isa.Avx512 ? sources : [], form => $"rows of {form}");
    private readonly NativeKernels<string, NativeColumns> _columns = new(isa.Avx512 ? sources : [], type => $"columns of {type}");

    /// <summary>The row dots of a type, or null: no source has them all, or the built-in ones are better.</summary>
    /// <param name="kernel">The built-in kernel.</param>
    /// <param name="why">What was found, for people; empty where no source has any.</param>
    public NativeRows? Find(in RowDotKernel kernel, out string why)
    {
        RowDotKernel own = kernel;
        return _rows.Find(own.Quantization, NativeRows.Layouts(own.Quantization), leases => new(leases), rows => RowsTrial.Run(own, rows, isa).Verdict, out why);
    }

    /// <summary>The loop over described groups of so many bits, or null as for <see cref="Find"/>.</summary>
    public NativeGroups? FindGroups(int bits, out string why) =>
        _groups.Find(bits, [NativeGroups.Layout(bits)], leases => new(leases[0]), groups => GroupsTrial.Run(bits, groups, isa).Verdict, out why);

    /// <summary>The products of rows of nibbles, or null as for <see cref="Find"/>.</summary>
    public NativeNibbles? FindNibbles(NibbleForm form, out string why) =>
        _nibbles.Find(form, [form.Layout], leases => new(leases[0]), nibbles => NibblesTrial.Run(form, nibbles, isa).Verdict, out why);

    /// <summary>The products of columns of a type that is stored as the transposed matrix, or null as for <see cref="Find"/>.</summary>
    public NativeColumns? FindColumns(string quantization, out string why) =>
        _columns.Find(quantization, NativeColumns.Layouts(quantization), leases => new(leases[0], leases[1]), columns => ColumnsTrial.Run(quantization, columns).Verdict, out why);

    /// <summary>The types that were asked for and have the built-in row dots, each with the reason.</summary>
    public IEnumerable<string> Refused => [.. _rows.Refused, .. _groups.Refused, .. _nibbles.Refused, .. _columns.Refused];

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        _groups.Dispose();
        _nibbles.Dispose();
        _columns.Dispose();
    }
}
