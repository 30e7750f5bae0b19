using System.Globalization;

namespace Tessera.Host.Configuration;

/// <summary>An amount of memory: bytes, a part of what is free, or left to the host.</summary>
/// <param name="Bytes">Bytes, or null.</param>
/// <param name="Percent">A part of the free memory, or null.</param>
public readonly record struct MemorySize(long? Bytes, double? Percent)
{
    private static readonly (string Suffix, long Factor)[] Units =
        [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000)];

    /// <summary>Left to the host.</summary>
    public static MemorySize Auto => default;

    /// <summary>Reads <c>auto</c>, a number of bytes, a number with a unit (<c>2GiB</c>) or a part (<c>50%</c>).</summary>
    public static bool TryParse(string text, out MemorySize size)
    {
        size = default;
        if (text == "auto")
            return true;
        if (text.EndsWith('%'))
        {
            bool percent = Number(text[..^1], out double part) && part is > 0 and <= 100;
            size = new(null, part);
            return percent;
        }
        long factor = 1;
        foreach ((string suffix, long unit) in Units)
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                factor = unit;
                text = text[..^suffix.Length].TrimEnd();
                break;
            }
        if (!Number(text, out double count) || count * factor is not (>= 1 and < long.MaxValue / 2))
            return false;
        size = new((long)(count * factor), null);
        return true;
    }

    /// <summary>The bytes, where so many are free.</summary>
    /// <param name="free">Free memory.</param>
    /// <param name="autoPart">The part of it that <see cref="Auto"/> means.</param>
    public long Resolve(long free, double autoPart) => Bytes ?? (long)(free * (Percent / 100 ?? autoPart));

    private static bool Number(string text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);
}
