namespace Tessera.Engine.Grammars.Syntax;

/// <summary>A part of a rule.</summary>
internal abstract record Expression;

/// <summary>One character of a class.</summary>
/// <param name="Ranges">Ascending, apart from each other, without surrogates.</param>
internal sealed record CharacterClass(CharacterRange[] Ranges) : Expression;

/// <summary>Parts one after another; none: the empty text.</summary>
internal sealed record Chain(Expression[] Parts) : Expression;

/// <summary>One of some parts.</summary>
internal sealed record Choice(Expression[] Parts) : Expression;

/// <summary>A part several times.</summary>
/// <param name="Part">The part.</param>
/// <param name="Least">The fewest times.</param>
/// <param name="Most">The most; null: any number.</param>
internal sealed record Repetition(Expression Part, int Least, int? Most) : Expression;

/// <summary>Another rule.</summary>
/// <param name="Rule">Its index.</param>
internal sealed record Reference(int Rule) : Expression;

/// <summary>A rule.</summary>
/// <param name="name">Its name.</param>
/// <param name="place">Where it is first named in the text.</param>
internal sealed class Rule(string name, int place)
{
    public string Name { get; } = name;

    /// <summary>Where it is defined, or else first used.</summary>
    public int Place { get; set; } = place;

    /// <summary>What it stands for; null: it is not defined.</summary>
    public Expression? Body { get; set; }
}
