namespace Tessera.Engine.Scheduling;

/// <summary>How long a row takes in steps that hold rows of prompts: a moving average, from which follows how many rows fit in a time.</summary>
/// <remarks>A step's fixed cost is spread over its rows, so the estimate depends on the step's size; it settles where a step takes the time that it may.</remarks>
internal sealed class RowCost
{
    private const int FirstGuess = 16;
    private const double Weight = 0.25;
    private double _milliseconds;

    /// <summary>Takes a step's time in.</summary>
    public void Add(int rows, TimeSpan elapsed)
    {
        double cost = elapsed.TotalMilliseconds / rows;
        _milliseconds = _milliseconds == 0 ? cost : _milliseconds + Weight * (cost - _milliseconds);
    }

    /// <summary>The rows that fit in a time.</summary>
    public int RowsWithin(int milliseconds)
        => _milliseconds == 0 ? FirstGuess : (int)Math.Min(int.MaxValue, milliseconds / _milliseconds);
}
