namespace Tessera.Tokenizers.Common.Patterns;

/// <summary>A part of a parsed pattern.</summary>
internal abstract record PatternNode
{
    /// <summary>The least and the greatest number of code points that it matches.</summary>
    public abstract (int Least, int Most) Length { get; }

    /// <summary>One code point of a set.</summary>
    public sealed record One(PointSet Set) : PatternNode
    {
        public override (int, int) Length => (1, 1);
    }

    /// <summary>One part after the other; none matches the empty text.</summary>
    public sealed record Row(IReadOnlyList<PatternNode> Parts) : PatternNode
    {
        public override (int, int) Length { get; } = (Sum(Parts.Sum(p => (long)p.Length.Least)), Sum(Parts.Sum(p => (long)p.Length.Most)));
    }

    /// <summary>The first of several that fits.</summary>
    public sealed record Either(IReadOnlyList<PatternNode> Parts) : PatternNode
    {
        public override (int, int) Length { get; } = (Parts.Min(p => p.Length.Least), Parts.Max(p => p.Length.Most));
    }

    /// <summary>A part so many times.</summary>
    public sealed record Repeat(PatternNode Part, int Least, int Most, bool Lazy) : PatternNode
    {
        public override (int, int) Length { get; } = (Sum((long)Least * Part.Length.Least), Sum((long)Most * Part.Length.Most));
    }

    /// <summary>A part that keeps its first match.</summary>
    public sealed record Atomic(PatternNode Part) : PatternNode
    {
        public override (int, int) Length => Part.Length;
    }

    /// <summary>A part that fits, or does not fit, ahead of the place or behind it.</summary>
    public sealed record Look(PatternNode Part, bool Behind, bool Negative) : PatternNode
    {
        public override (int, int) Length => (0, 0);
    }

    /// <summary>A kind of place.</summary>
    public sealed record Place(PlaceKind Kind) : PatternNode
    {
        public override (int, int) Length => (0, 0);
    }

    private static int Sum(long length) => (int)Math.Min(length, int.MaxValue);
}

/// <summary>What an anchor asks for.</summary>
internal enum PlaceKind
{
    TextStart,
    TextEnd,
    LastLineEnd,
    LineStart,
    LineEnd,
    WordEdge,
    NoWordEdge,
}
