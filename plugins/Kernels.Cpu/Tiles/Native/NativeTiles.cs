using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tiles.Native;

/// <summary>
/// The micro-kernels of tile sources that a runtime uses: each layout is asked for once, tried against the built-in tile, and used where its products are bitwise the same and come faster.
/// </summary>
/// <param name="sources">Tile sources, in order of preference.</param>
/// <param name="isa">What kernels may use.</param>
internal sealed class NativeTiles(IReadOnlyList<ITileSource> sources, CpuIsa isa) : IDisposable
{
    private readonly Dictionary<string, (NativeTile? Tile, string Why)> _found = new(StringComparer.Ordinal);

    /// <summary>The tile for a layout, or null: no source has one, or the built-in one is better.</summary>
    /// <param name="layout">The layout's id, without width and revision.</param>
    /// <param name="why">What was found, for people; empty where no source has the layout.</param>
    public NativeTile? Find(string layout, out string why)
    {
        if (!_found.TryGetValue(layout, out (NativeTile? Tile, string Why) found))
            _found.Add(layout, found = Look(layout));
        why = found.Why;
        return found.Tile;
    }

    /// <summary>The layouts that were asked for and have the built-in tile, each with the reason.</summary>
    public IEnumerable<string> Refused => _found.Where(f => f.Value.Tile is null).Select(f => f.Value.Why.Length > 0 ? $"{f.Key} ({f.Value.Why})" : f.Key);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((NativeTile? tile, _) in _found.Values)
            tile?.Dispose();
        _found.Clear();
    }

    private (NativeTile? Tile, string Why) Look(string layout)
    {
        string rejected = "";
        // Panels are as wide as the built-in tiles': without AVX-512 there are none of 16 rows.
        foreach (ITileSource source in TileTable.Width(isa) == TileKernel.MaxWidth ? sources : [])
        {
            if (TileLeases.Take(source, [TileLayouts.Id(layout, 8), TileLayouts.Id(layout, TileKernel.MaxWidth)], ref rejected) is not [var narrow, var wide])
                continue;
            NativeTile tile = new(narrow, wide, TileLeases.Take(source, [TileLayouts.PairId(layout)], ref rejected) is [var pair] ? pair : null);
            TileTrial trial = TileTrial.Run(layout, tile, isa);
            if (trial is { IsEqual: true, IsFaster: true })
            {
                if (!trial.IsPairFaster)
                    tile.DropPair();
                return (tile, $"{tile.Description}, {trial.Gain:F1} times as fast as the built-in ones" + (tile.HasPair ? $", two panels at once {trial.PairGain:F1} times as fast as one by one" : ""));
            }
            rejected = trial.IsEqual ? $"{tile.Description} not used: {trial.LeastGain:F1} to {trial.Gain:F1} times as fast as the built-in ones" : $"{tile.Description} not used: its products are not those of the built-in ones";
            tile.Dispose();
        }
        return (null, rejected);
    }
}
