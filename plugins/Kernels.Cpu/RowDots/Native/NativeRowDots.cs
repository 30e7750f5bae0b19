using System.Globalization;
using Tessera.Kernels.Cpu.Linear.Grouped;
using Tessera.Kernels.Cpu.Lowering;

namespace Tessera.Kernels.Cpu.RowDots.Native;

/// <summary>The row dots of tile sources that a runtime uses: each type's are asked for once, tried against the built-in kernel, and used where their products are bitwise the same and come faster.</summary>
/// <param name="sources">Tile sources, in order of preference.</param>
/// <param name="isa">What kernels may use.</param>
internal sealed class NativeRowDots(IReadOnlyList<ITileSource> sources, CpuIsa isa) : IDisposable
{
    private readonly Dictionary<string, (NativeRows? Rows, string Why)> _found = new(StringComparer.Ordinal);

    private readonly Dictionary<int, (NativeGroups? Groups, string Why)> _groups = [];

    /// <summary>The row dots of a type, or null: no source has them all, or the built-in ones are better.</summary>
    /// <param name="kernel">The built-in kernel.</param>
    /// <param name="why">What was found, for people; empty where no source has any.</param>
    public NativeRows? Find(in RowDotKernel kernel, out string why)
    {
        if (!_found.TryGetValue(kernel.Quantization, out (NativeRows? Rows, string Why) found))
            _found.Add(kernel.Quantization, found = Look(kernel));
        why = found.Why;
        return found.Rows;
    }

    /// <summary>The loop over described groups of so many bits, or null as for <see cref="Find"/>.</summary>
    public NativeGroups? FindGroups(int bits, out string why)
    {
        if (!_groups.TryGetValue(bits, out (NativeGroups? Groups, string Why) found))
            _groups.Add(bits, found = LookForGroups(bits));
        why = found.Why;
        return found.Groups;
    }

    /// <summary>The types that were asked for and have the built-in row dots, each with the reason.</summary>
    public IEnumerable<string> Refused =>
    [
        .. _found.Where(f => f.Value.Rows is null).Select(f => f.Value.Why.Length > 0 ? $"rows of {f.Key} ({f.Value.Why})" : $"rows of {f.Key}"),
        .. _groups.Where(f => f.Value.Groups is null).Select(f => f.Value.Why.Length > 0 ? $"rows of groups of {f.Key} bits ({f.Value.Why})" : $"rows of groups of {f.Key} bits"),
    ];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((NativeRows? rows, _) in _found.Values)
            rows?.Dispose();
        _found.Clear();
        foreach ((NativeGroups? groups, _) in _groups.Values)
            groups?.Dispose();
        _groups.Clear();
    }

    private (NativeRows? Rows, string Why) Look(in RowDotKernel kernel)
    {
        string rejected = "";
        foreach (ITileSource source in isa.Avx512 ? sources : [])
        {
            if (TileLeases.Take(source, NativeRows.Layouts(kernel.Quantization), ref rejected) is not { } leases)
                continue;
            NativeRows rows = new(leases);
            RowsTrial trial = RowsTrial.Run(kernel, rows, isa);
            if (trial is { IsEqual: true, IsFaster: true })
                return (rows, $"{rows.Description}, {Gain(trial)}");
            rejected = $"{rows.Description} not used: {(trial.IsEqual ? Gain(trial) : "its products are not those of the built-in one")}";
            rows.Dispose();
        }
        return (null, rejected);
    }

    private (NativeGroups? Groups, string Why) LookForGroups(int bits)
    {
        string rejected = "";
        foreach (ITileSource source in isa.Avx512Vbmi ? sources : [])
        {
            if (TileLeases.Take(source, [NativeGroups.Layout(bits)], ref rejected) is not [var lease])
                continue;
            NativeGroups groups = new(lease);
            GroupsTrial trial = GroupsTrial.Run(bits, groups, isa);
            string gain = string.Create(CultureInfo.InvariantCulture, $"{trial.Gain:F1} times as fast as the built-in one");
            if (trial is { IsEqual: true, IsFaster: true })
                return (groups, $"{groups.Description}, {gain}");
            rejected = $"{groups.Description} not used: {(trial.IsEqual ? gain : "its products are not those of the built-in one")}";
            groups.Dispose();
        }
        return (null, rejected);
    }

    private static string Gain(RowsTrial trial) => string.Create(CultureInfo.InvariantCulture, $"{trial.Gain:F1} times as fast as the built-in one, {trial.GainOfSeveral:F1} times with several activation rows");
}
