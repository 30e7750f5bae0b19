using System.Globalization;
using System.Text;

namespace Tessera.Tokenizers.Common.Patterns;

/// <summary>A set of code points that a pattern asks about. Immutable.</summary>
internal sealed class PointSet
{
    private readonly PointTest _test;
    private readonly UInt128 _ascii;

    public PointSet(PointTest test)
    {
        _test = test;
        for (int point = 0; point < 128; point++)
            if (test.Has(point))
                _ascii |= UInt128.One << point;
    }

    public bool Has(int point) => point < 128 ? (_ascii >> point & 1) != 0 : _test.Has(point);
}

/// <summary>A way to say which code points a set has.</summary>
internal abstract class PointTest
{
    public abstract bool Has(int point);
}

/// <summary>First and last of each range, ascending.</summary>
internal sealed class InRanges(params int[] ranges) : PointTest
{
    public override bool Has(int point)
    {
        int low = 0;
        for (int high = ranges.Length >> 1; low < high;)
        {
            int middle = (low + high) >>> 1;
            if (ranges[2 * middle + 1] < point)
                low = middle + 1;
            else
                high = middle;
        }
        return 2 * low < ranges.Length && ranges[2 * low] <= point;
    }
}

/// <summary>General categories, as bits by <see cref="UnicodeCategory"/>.</summary>
internal sealed class InCategories(uint categories) : PointTest
{
    public override bool Has(int point) => (categories >> (int)CharUnicodeInfo.GetUnicodeCategory(point) & 1) != 0;
}

/// <summary>White_Space.</summary>
internal sealed class IsWhite : PointTest
{
    public override bool Has(int point) => Rune.IsValid(point) && Rune.IsWhiteSpace(new Rune(point));
}

/// <summary>Everything else.</summary>
internal sealed class Not(PointTest test) : PointTest
{
    public override bool Has(int point) => !test.Has(point);
}

/// <summary>Any of several.</summary>
internal sealed class AnyOf(IReadOnlyList<PointTest> tests) : PointTest
{
    public override bool Has(int point)
    {
        foreach (PointTest test in tests)
            if (test.Has(point))
                return true;
        return false;
    }
}

/// <summary>Both of two.</summary>
internal sealed class Both(PointTest first, PointTest second) : PointTest
{
    public override bool Has(int point) => first.Has(point) && second.Has(point);
}

/// <summary>Whatever differs from a member by case alone: simple folding, one code point to one.</summary>
internal sealed class IgnoringCase(PointTest test) : PointTest
{
    public override bool Has(int point)
    {
        int lower = Lower(point), upper = Upper(point);
        return test.Has(point) || test.Has(lower) || test.Has(upper) || test.Has(Lower(upper)) || test.Has(Upper(lower))
            || (lower is 's' && test.Has(0x17F)) || (lower is 'k' && test.Has(0x212A));
    }

    // The runtime keeps the long s and the Kelvin sign apart from ASCII.
    private static int Lower(int point) => point switch
    {
        0x17F => 's',
        0x212A => 'k',
        _ => Rune.IsValid(point) ? Rune.ToLowerInvariant(new Rune(point)).Value : point,
    };

    private static int Upper(int point) => point switch
    {
        0x17F => 'S',
        0x212A => 'K',
        _ => Rune.IsValid(point) ? Rune.ToUpperInvariant(new Rune(point)).Value : point,
    };
}
