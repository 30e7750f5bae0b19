namespace Tessera.Engine.Speculation;

/// <summary>What a step without rows of prompts takes, in milliseconds, by the sequences in it and the draft rows beside theirs: measured while running, between measurements interpolated, and where nothing was measured derived from a curve over rows.</summary>
/// <remarks>A batch size has a level, which follows what changes slowly (the sequences grow, the machine is shared), and a shape over its draft rows, which changes little.</remarks>
internal sealed class StepCosts
{
    private const double LevelWeight = 0.05, ShapeWeight = 0.1, MostSurprise = 2;

    // The last batch sizes and draft rows that fall into each bucket.
    private static readonly int[] Batches = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, int.MaxValue];
    private static readonly int[] Extras = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 32, 48, int.MaxValue];

    private readonly double[] _levels = new double[Batches.Length];
    private readonly double[] _shapes = new double[Batches.Length * Extras.Length];
    private readonly int[] _counts = new int[Batches.Length * Extras.Length];
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
        // More rows never take less: what says so is noise.
        for (int i = 1; i < _curve.Length; i++)
            _curve[i] = Math.Max(_curve[i], _curve[i - 1]);
        IsKnown = true;
    }

    /// <summary>Takes a step in.</summary>
    public void Add(int sequences, int drafts, double milliseconds)
    {
        if (milliseconds <= 0)
            return;
        int b = Bucket(Batches, sequences), at = b * Extras.Length + Bucket(Extras, drafts);
        _farthest[b] = Math.Max(_farthest[b], drafts);
        if (_levels[b] == 0)
        {
            _levels[b] = milliseconds / Shape(b, sequences, drafts);
            IsKnown = true;
            return;
        }
        double expected = Shape(b, sequences, drafts);
        double ratio = Math.Clamp(milliseconds / (_levels[b] * expected), 1 / MostSurprise, MostSurprise);
        _shapes[at] = expected * Math.Pow(ratio, Math.Max(ShapeWeight, 1.0 / (_counts[at] + 2)));
        _counts[at]++;
        _levels[b] *= Math.Pow(ratio, LevelWeight);
    }

    /// <summary>The time of a step.</summary>
    /// <param name="sequences">Sequences that decode, each with a row; at least 1.</param>
    /// <param name="drafts">Draft rows beside those.</param>
    public double Milliseconds(int sequences, int drafts)
    {
        int b = Bucket(Batches, sequences);
        double level = _levels[b];
        for (int distance = 1; level == 0 && distance < Batches.Length; distance++)
            level = Math.Max(b >= distance ? _levels[b - distance] : 0, b + distance < Batches.Length ? _levels[b + distance] : 0);
        return (level == 0 ? 1 : level) * Shape(b, sequences, drafts);
    }

    /// <summary>Whether steps of so many sequences were measured.</summary>
    public bool IsMeasured(int sequences) => _levels[Bucket(Batches, sequences)] > 0;

    /// <summary>The most draft rows that an estimate is good for: somewhat more than were measured.</summary>
    public int Farthest(int sequences) => 2 * Math.Max(_farthest[Bucket(Batches, sequences)], _curve.Length - sequences) + 2;

    private double Shape(int b, int sequences, int drafts)
    {
        int at = b * Extras.Length + Bucket(Extras, drafts);
        if (_counts[at] > 0)
            return _shapes[at];
        int below = at - 1, above = at + 1, first = b * Extras.Length, end = first + Extras.Length;
        while (below >= first && _counts[below] == 0)
            below--;
        while (above < end && _counts[above] == 0)
            above++;
        double prior = Curve(sequences + drafts);
        if (below < first)
            return above == end ? prior : _shapes[above] * prior / Curve(sequences + Extra(above - first));
        double low = _shapes[below] * prior / Curve(sequences + Extra(below - first));
        return above == end ? low : Math.Min(low, _shapes[above]);
    }

    private double Curve(int rows)
    {
        // Not calibrated: a tenth of a row's time for each further one.
        if (_curve.Length == 0)
            return 1 + 0.1 * (rows - 1);
        if (rows <= _curve.Length)
            return _curve[rows - 1];
        double last = _curve[^1], slope = _curve.Length > 1 ? (last - _curve[0]) / (_curve.Length - 1) : 0.1 * last;
        return last + slope * (rows - _curve.Length);
    }

    private static int Extra(int bucket) => bucket <= 16 ? Extras[bucket] : (Extras[bucket - 1] + Math.Min(Extras[bucket], 64) + 1) / 2;

    private static int Bucket(int[] ends, int value)
    {
        int bucket = 0;
        while (value > ends[bucket])
            bucket++;
        return bucket;
    }
}
