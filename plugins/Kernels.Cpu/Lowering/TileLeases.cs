namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>Asks a tile source for micro-kernels that only work together. A source is another plugin's code: one that throws, for instance where the system refuses executable memory, has nothing to offer.</summary>
internal static class TileLeases
{
    /// <summary>The leases in the order of their layouts; null, and none is held, where the source lacks one or fails.</summary>
    /// <param name="source">The source.</param>
    /// <param name="layouts">The layouts' ids.</param>
    /// <param name="refused">Set to the reason where the source fails.</param>
    public static ITile[]? Take(ITileSource source, string[] layouts, ref string refused)
    {
        List<ITile> leases = [];
        try
        {
            foreach (string layout in layouts)
            {
                if (source.TryGet(layout) is not { } lease)
                    break;
                leases.Add(lease);
            }
            if (leases.Count == layouts.Length)
                return [.. leases];
        }
        catch (Exception e)
        {
            refused = e is TesseraException ? e.Message : $"its source failed: {e.GetType().Name}: {e.Message}";
        }
        leases.ForEach(l => l.Dispose());
        return null;
    }
}
