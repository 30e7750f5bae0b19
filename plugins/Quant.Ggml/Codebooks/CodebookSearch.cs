namespace Tessera.Quant.Ggml.Codebooks;

/// <summary>
/// ggml's search for the scale and entries of a group: for scales near the one that gives the greatest magnitude the last level, rounds to levels,
/// moves each point that is not an entry to a near one, fits the scale to those by least squares, and keeps the best; then rounds once more by it.
/// Level n counts 2n + 1.
/// </summary>
/// <remarks>Float32 operations in the reference's order: any other changes bytes. Objects are shared by threads.</remarks>
internal sealed unsafe class CodebookSearch
{
    private const int NotAnEntry = -1;

    private readonly ushort[] _entries;
    private readonly short[] _numbers = new short[ushort.MaxValue + 1];
    private readonly ushort[]?[] _near = new ushort[ushort.MaxValue + 1][];

    /// <summary>Searches among these entries.</summary>
    public CodebookSearch(ReadOnlySpan<ushort> entries)
    {
        _entries = entries.ToArray();
        Array.Fill<short>(_numbers, NotAnEntry);
        for (int number = 0; number < _entries.Length; number++)
            _numbers[_entries[number]] = (short)number;
    }

    /// <summary>Values of an entry: 4 or 8.</summary>
    public required int Dimension { get; init; }

    /// <summary>Levels of a value.</summary>
    public required int Levels { get; init; }

    /// <summary>A point's candidates are the entries at this many least distances.</summary>
    public required int Shells { get; init; }

    /// <summary>Scales that are tried on either side.</summary>
    public required int Trials { get; init; }

    /// <summary>The change of the last level from trial to trial.</summary>
    public required float Step { get; init; }

    /// <summary>Groups whose magnitudes are all below this are zero.</summary>
    public required float Smallest { get; init; }

    /// <summary>The last rounding takes points that were entries already, too.</summary>
    public required bool RoundsAll { get; init; }

    private int Bits => 16 / Dimension;

    /// <summary>The number of the entry with these levels.</summary>
    public int Number(byte* levels) => _numbers[Code(levels)];

    /// <summary>Writes the levels of the entries; magnitudes are about the returned scale · (2 · level + 1). 0 for a group of zeros.</summary>
    public float Find(float* magnitudes, float* weights, int count, byte* levels)
    {
        new Span<byte>(levels, count).Clear();
        float greatest = magnitudes[0];
        for (int i = 1; i < count; i++)
            greatest = magnitudes[i] > greatest ? magnitudes[i] : greatest;
        if (greatest < Smallest)
            return 0;

        float* roots = stackalloc float[count];
        for (int i = 0; i < count; i++)
            roots[i] = MathF.Sqrt(weights[i]);
        byte* trial = stackalloc byte[count];
        int last = 2 * Levels - 1;
        float scale = greatest / last, best = 0;
        uint moved = RoundsAll ? uint.MaxValue : 0;
        for (int step = -Trials; step <= Trials; step++)
        {
            float inverse = (last + step * Step) / greatest;
            uint trialMoved = 0;
            for (int point = 0; point < count / Dimension; point++)
                trialMoved |= Round(point, magnitudes, roots, inverse, 1 / inverse, trial) ? 1u << point : 0;
            Fit(magnitudes, weights, trial, count, out float product, out float square);
            if (!(square > 0 && product * product > best * square))
                continue;
            scale = product / square;
            best = scale * product;
            new Span<byte>(trial, count).CopyTo(new Span<byte>(levels, count));
            moved = trialMoved;
        }
        if (moved != 0 && scale > 0)
        {
            for (int point = 0; point < count / Dimension; point++)
                if (RoundsAll || (moved >> point & 1) != 0)
                    Round(point, magnitudes, roots, 1 / scale, scale, levels);
            Fit(magnitudes, weights, levels, count, out float product, out float square);
            scale = square > 0 ? product / square : scale;
        }
        return scale;
    }

    private static void Fit(float* magnitudes, float* weights, byte* levels, int count, out float product, out float square)
    {
        product = square = 0;
        for (int i = 0; i < count; i++)
        {
            float level = 2 * levels[i] + 1;
            product += weights[i] * magnitudes[i] * level;
            square += weights[i] * level * level;
        }
    }

    /// <summary>Rounds a point's values to levels, and those to an entry; whether that moved them.</summary>
    private bool Round(int point, float* magnitudes, float* roots, float inverse, float scale, byte* levels)
    {
        magnitudes += point * Dimension;
        roots += point * Dimension;
        levels += point * Dimension;
        for (int i = 0; i < Dimension; i++)
            levels[i] = (byte)int.Clamp((int)MathF.Round(0.5f * (inverse * magnitudes[i] - 1)), 0, Levels - 1);
        int code = Code(levels);
        if (_numbers[code] != NotAnEntry)
            return false;
        ushort[] near = _near[code] ??= Near(code);
        ushort nearest = near[0];
        float least = float.MaxValue;
        foreach (ushort entry in near)
        {
            float distance = 0;
            for (int i = 0; i < Dimension; i++)
            {
                float difference = scale * (2 * Level(entry, i) + 1) - magnitudes[i];
                distance += roots[i] * difference * difference;
            }
            if (distance < least)
                (nearest, least) = (entry, distance);
        }
        for (int i = 0; i < Dimension; i++)
            levels[i] = (byte)Level(nearest, i);
        return true;
    }

    // The entries of the nearest shells, near ones first, then in the order of the codebook.
    private ushort[] Near(int code) =>
        [.. _entries.GroupBy(entry => Distance(code, entry)).OrderBy(shell => shell.Key).Take(Shells).SelectMany(shell => shell)];

    private int Distance(int code, int entry)
    {
        int distance = 0;
        for (int i = 0; i < Dimension; i++)
        {
            int difference = Level(code, i) - Level(entry, i);
            distance += difference * difference;
        }
        return distance;
    }

    private int Level(int code, int i) => code >> Bits * i & (1 << Bits) - 1;

    private int Code(byte* levels)
    {
        int code = 0;
        for (int i = 0; i < Dimension; i++)
            code |= levels[i] << Bits * i;
        return code;
    }
}
