using System.Globalization;
using Tessera.Kernels.Cpu.Lowering;

namespace Tessera.Kernels.Cpu.RowDots.Native;

/// <summary>Machine code from a tile source.</summary>
internal interface INativeKernel : IDisposable
{
    /// <summary>What it is made of.</summary>
    string Description { get; }
}

/// <summary>What a trial of machine code beside the built-in kernel has shown.</summary>
/// <param name="IsEqual">Whether all products are bitwise the same.</param>
/// <param name="IsFaster">Whether it is worth its use.</param>
/// <param name="Gain">How much it gains, for people.</param>
internal readonly record struct Verdict(bool IsEqual, bool IsFaster, string Gain)
{
    /// <summary>A time / another's, for people.</summary>
    public static string Times(double gain) => string.Create(CultureInfo.InvariantCulture, $"{gain:F1} times as fast as the built-in one");
}

/// <summary>The machine code of one kind that a runtime uses: asked for once, tried against the built-in kernel, and used where its products are bitwise the same and come faster.</summary>
/// <param name="sources">Tile sources, in order of preference.</param>
/// <param name="name">What a kernel is called, for people.</param>
internal sealed class NativeKernels<TKey, TKernel>(IReadOnlyList<ITileSource> sources, Func<TKey, string> name) : IDisposable
    where TKey : notnull
    where TKernel : class, INativeKernel
{
    private readonly Dictionary<TKey, (TKernel? Kernel, string Why)> _found = [];

    /// <summary>The code of a kernel, or null: no source has it all, or the built-in one is better.</summary>
    /// <param name="key">Which kernel.</param>
    /// <param name="layouts">The layouts that it needs.</param>
    /// <param name="make">Makes it of their leases, which it then owns.</param>
    /// <param name="run">Tries it.</param>
    /// <param name="why">What was found, for people; empty where no source has any.</param>
    public TKernel? Find(TKey key, string[] layouts, Func<ITile[], TKernel> make, Func<TKernel, Verdict> run, out string why)
    {
        if (!_found.TryGetValue(key, out (TKernel? Kernel, string Why) found))
            _found.Add(key, found = Look(layouts, make, run));
        why = found.Why;
        return found.Kernel;
    }

    /// <summary>The kernels that were asked for and are the built-in ones, each with the reason.</summary>
    public IEnumerable<string> Refused => _found.Where(f => f.Value.Kernel is null).Select(f => f.Value.Why.Length > 0 ? $"{name(f.Key)} ({f.Value.Why})" : name(f.Key));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((TKernel? kernel, _) in _found.Values)
            kernel?.Dispose();
        _found.Clear();
    }

    private (TKernel? Kernel, string Why) Look(string[] layouts, Func<ITile[], TKernel> make, Func<TKernel, Verdict> run)
    {
        string rejected = "";
        foreach (ITileSource source in sources)
        {
            if (TileLeases.Take(source, layouts, ref rejected) is not { } leases)
                continue;
            TKernel kernel = make(leases);
            Verdict verdict;
            try
            {
                verdict = run(kernel);
            }
            catch
            {
                kernel.Dispose();
                throw;
            }
            if (verdict is { IsEqual: true, IsFaster: true })
                return (kernel, $"{kernel.Description}, {verdict.Gain}");
            rejected = $"{kernel.Description} not used: {(verdict.IsEqual ? verdict.Gain : "its products are not those of the built-in one")}";
            kernel.Dispose();
        }
        return (null, rejected);
    }
}
