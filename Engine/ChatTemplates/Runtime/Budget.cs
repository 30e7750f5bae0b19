using System.Runtime.CompilerServices;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>Counts what one rendering costs, before the cost arises, and ends it at a limit.</summary>
internal sealed class Budget(ChatTemplateLimits limits)
{
    private const int BytesPerItem = 32;
    private const int BytesPerObject = 48;
    private long _steps;
    private long _bytes;
    private long _maxBytes = limits.MaxAllocatedBytes;
    private int _depth;

    public int MaxChars => limits.MaxOutputChars;

    public void Step() => Steps(1);

    public void Steps(long count)
    {
        // A count may itself be near the end of the range, so compare with what is left.
        if (count > limits.MaxSteps - _steps)
            Failure.Limit($"the template takes more than {limits.MaxSteps} steps (MaxSteps)");
        _steps += count;
    }

    /// <summary>A new string of this length.</summary>
    public void Chars(long count)
    {
        if (count > limits.MaxOutputChars)
            Failure.Limit($"a text of {count} characters is longer than {limits.MaxOutputChars} (MaxOutputChars)");
        Steps(count / 32);
        Bytes(BytesPerObject + (2 * count));
    }

    /// <summary>A piece added to a string under construction.</summary>
    public void Copy(int count)
    {
        Steps((count / 32) + 1);
        Bytes(2L * count);
    }

    /// <summary>A new list, dict or tuple of this many items.</summary>
    public void Items(long count)
    {
        if (count > limits.MaxAllocatedBytes / BytesPerItem)
            TooManyBytes();
        Steps(count / 8);
        Bytes(BytesPerObject + (BytesPerItem * count));
    }

    /// <summary>Reading through a string of this length.</summary>
    public void Scan(int length) => Steps(length / 32);

    /// <summary>Searching a text for a pattern, which in the worst case looks at the whole pattern at each place.</summary>
    public void Search(int text, int pattern) => Steps((text / 32) + ((long)text * pattern / 1024));

    /// <summary>Room for what a larger input rightly needs.</summary>
    public void Allow(long inputChars) => _maxBytes += 64 * inputChars;

    public void Enter()
    {
        if (++_depth > limits.MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            Failure.Limit($"nested deeper than the limit of {limits.MaxDepth} (MaxDepth)");
    }

    public void Leave() => _depth--;

    private void Bytes(long count)
    {
        _bytes += count;
        if (_bytes > _maxBytes)
            TooManyBytes();
    }

    private void TooManyBytes() =>
        Failure.Limit($"the template creates more than {_maxBytes} bytes of strings and lists (MaxAllocatedBytes)");
}
