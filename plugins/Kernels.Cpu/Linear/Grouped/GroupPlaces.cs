using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>Where the parts of described groups are read, and the permutations that bring them to their places.</summary>
internal readonly struct GroupPlaces
{
    /// <summary>The longest group whose eight are copied where no read may reach.</summary>
    public const int MostBytes = 64;

    /// <summary>Up to so many bytes, four groups lie in one vector of 512 bits.</summary>
    public const int MostPermuted = 16;

    private const int Width = 16, Wide = 64;
    private const byte Nothing = 0x80;

    private GroupPlaces(GroupLayout layout, int headAt)
    {
        (Bytes, HeadAt, LowAt, Zero) = (layout.Bytes, headAt, layout.LowAt, layout.Zero);
        Span<byte> head = stackalloc byte[Width], low = stackalloc byte[Wide], high = stackalloc byte[Wide], scale = stackalloc byte[Wide];
        head.Fill(Nothing);
        for (int i = 0; i < layout.LowBytes && layout.LowBytes < Width; i++)
            head[i] = (byte)(layout.LowAt - headAt + i);
        for (int i = 0; i < sizeof(uint) && layout.HasHigh; i++)
            head[8 + i] = (byte)(layout.HighAt - headAt + i);
        for (int i = 0; i < sizeof(ushort); i++)
            head[14 + i] = (byte)(layout.ScaleAt - headAt + i);
        Head = Vector128.Create<byte>(head);
        for (int i = 0; i < Wide && Bytes <= MostPermuted; i++)
        {
            int group = i / 4 % 8, at = (group / 4 * Wide) + (group % 4 * Bytes);
            low[i] = (byte)(at + layout.LowAt + (i / 32 * 4) + (i % 4));
            high[i] = (byte)(at + layout.HighAt + (i % 4));
            scale[i] = (byte)(at + layout.ScaleAt + (i % 2));
        }
        (Low, High, Scale) = (Vector512.Create<byte>(low), Vector512.Create<byte>(high), Vector512.Create<byte>(scale));
    }

    /// <summary>Bytes from a group to the next.</summary>
    public int Bytes { get; }

    /// <summary>Where sixteen bytes begin that have the scale, the highest bits and, of eight bytes, the low bits.</summary>
    public int HeadAt { get; }

    /// <summary>Where the low bits begin.</summary>
    public int LowAt { get; }

    /// <summary>The element that is zero.</summary>
    public float Zero { get; }

    /// <summary>The head in fours: low bits and low bits, or nothing; highest bits; the scale in the upper half.</summary>
    public Vector128<byte> Head { get; }

    /// <summary>Of four groups and four more: the first four bytes of all low bits, then the second.</summary>
    public Vector512<byte> Low { get; }

    /// <summary>The same of the highest bits, twice.</summary>
    public Vector512<byte> High { get; }

    /// <summary>The same of the scales, each twice in four bytes.</summary>
    public Vector512<byte> Scale { get; }

    /// <summary>Bytes that are read from the first of eight groups on.</summary>
    public int Reach(bool permuted) => permuted ? (4 * Bytes) + Wide : (7 * Bytes) + Math.Max(HeadAt, LowAt) + Width;

    /// <summary>The places of a layout; null where a group is too long, or what is read at once too far apart.</summary>
    public static GroupPlaces? Of(GroupLayout layout)
    {
        if (!layout.IsValid || layout.Bytes > MostBytes)
            return null;
        (int At, int Length)[] parts = [(layout.ScaleAt, sizeof(ushort)), .. layout.HasHigh ? [(layout.HighAt, sizeof(uint))] : Array.Empty<(int, int)>(), .. layout.LowBytes < Width ? [(layout.LowAt, layout.LowBytes)] : Array.Empty<(int, int)>()];
        int first = parts.Min(p => p.At), end = parts.Max(p => p.At + p.Length);
        return end - first <= Width ? new GroupPlaces(layout, first) : null;
    }
}
