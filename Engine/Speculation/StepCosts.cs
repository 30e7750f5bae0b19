namespace Tessera.Engine.Speculation;

/// <summary>What a step without rows of prompts takes, in milliseconds, by the sequences in it and all of its rows: measured while running, between measurements interpolated, and where nothing was measured derived from a curve over rows.</summary>
/// <remarks>A batch size has a level, which follows what changes slowly (the sequences grow, the machine is shared), and a shape over its rows, which changes little. Rows are computed in tiles: where a tile may begin that nobody has measured, its time counts.</remarks>
internal sealed class StepCosts
{
    private const double LevelWeight = 0.05, ShapeWeight = 0.1, MostSurprise = 2;

    /// <summary>Rows of a tile, at most.</summary>
    private const int Tile = 16;

    /// <summary>Numbers of rows that are measured each for itself; of more, a tile together, the last for all that are left.</summary>
    private const int Apart = 4 * Tile, Cells = Apart + 5;

    // The last batch sizes that fall into each bucket.
    private static readonly int[] Batches = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, int.MaxValue];

    private readonly double[] _levels = new double[Batches.Length];
    private readonly double[] _shapes = new double[Batches.Length * Cells];
    private readonly int[] _counts = new int[Batches.Length * Cells];
    private readonly int[] _farthest = new int[Batches.Length];
    private double[] _curve = [];

    /// <summary>Whether anything was measured.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Sets the curve: the time of a step of 1, 2, … rows of one sequence, as measured at load.</summary>
    public void SetCurve(ReadOnlySpan<double> milliseconds)
    {
        if (milliseconds.IsEmpty || milliseconds[0] <= 0)
            return;
        _curve = milliseconds.ToArray();
        // What took longer than more rows do was disturbed.
        for (int i = _curve.Length - 2; i >= 0; i--)
            _curve[i] = Math.Min(_curve[i], _curve[i + 1]);
        IsKnown = true;
    }

    /// <summary>Takes a step in.</summary>
    public void Add(int sequences, int drafts, double milliseconds)
    {
        if (milliseconds <= 0)
            return;
        int b = Bucket(sequences), at = b * Cells + Cell(sequences + drafts);
        double expected = Shape(b, sequences + drafts);
        if (_levels[b] == 0)
            _levels[b] = milliseconds / expected;
        double ratio = Math.Clamp(milliseconds / (_levels[b] * expected), 1 / MostSurprise, MostSurprise);
        _shapes[at] = expected * Math.Pow(ratio, Math.Max(ShapeWeight, 1.0 / (_counts[at] + 2)));
        _counts[at]++;
        _levels[b] *= Math.Pow(ratio, LevelWeight);
        _farthest[b] = Math.Max(_farthest[b], drafts);
        IsKnown = true;
    }

    /// <summary>The time of a step.</summary>
    /// <param name="sequences">Sequences that decode, each with a row; at least 1.</param>
    /// <param name="drafts">Draft rows beside those.</param>
    public double Milliseconds(int sequences, int drafts)
    {
        int b = Bucket(sequences);
        double level = _levels[b];
        for (int distance = 1; level == 0 && distance < Batches.Length; distance++)
            level = Math.Max(b >= distance ? _levels[b - distance] : 0, b + distance < Batches.Length ? _levels[b + distance] : 0);
        return (level == 0 ? 1 : level) * Shape(b, sequences + drafts);
    }

    /// <summary>Whether steps of so many sequences without drafts were measured.</summary>
    public bool IsMeasured(int sequences) => _counts[Bucket(sequences) * Cells + Cell(sequences)] > 0;

    /// <summary>The most draft rows that an estimate is good for: somewhat more than were measured.</summary>
    public int Farthest(int sequences) => 2 * Math.Max(_farthest[Bucket(sequences)], _curve.Length - sequences) + 2;

    private double Shape(int b, int rows)
    {
        int first = b * Cells, end = first + Cells, at = first + Cell(rows);
        if (_counts[at] > 0)
            return Least(at, end);
        int below = at - 1, above = at + 1;
        while (below >= first && _counts[below] == 0)
            below--;
        while (above < end && _counts[above] == 0)
            above++;
        double prior = Curve(rows);
        if (below < first)
            return above == end ? prior : Least(above, end) * prior / Curve(Rows(above - first));
        double low = _shapes[below] * prior / Curve(Rows(below - first));
        return above == end ? low : Math.Min(low, Least(above, end));
    }

    // What took longer than more rows do was disturbed, and would keep that number of rows from being tried again.
    private double Least(int at, int end)
    {
        double least = _shapes[at];
        while (++at < end)
            if (_counts[at] > 0)
                least = Math.Min(least, _shapes[at]);
        return least;
    }

    private double Curve(int rows)
    {
        // Not calibrated: a tenth of a row's time for each further one.
        if (_curve.Length == 0)
            return 1 + 0.1 * (rows - 1);
        if (rows <= _curve.Length)
            return _curve[rows - 1];
        double last = _curve[^1], slope = _curve.Length > 1 ? (last - _curve[0]) / (_curve.Length - 1) : 0.1 * last;
        int tiled = (rows + Tile - 1) / Tile * Tile;
        return last + slope * (tiled - _curve.Length);
    }

    private static int Cell(int rows) => rows <= Apart ? rows - 1 : Math.Min(Cells - 1, Apart + (rows - Apart - 1) / Tile);

    /// <summary>The most rows of a cell.</summary>
    private static int Rows(int cell) => cell < Apart ? cell + 1 : Apart + (cell - Apart + 1) * Tile;

    private static int Bucket(int sequences)
    {
        int bucket = 0;
        while (sequences > Batches[bucket])
            bucket++;
        return bucket;
    }
}
