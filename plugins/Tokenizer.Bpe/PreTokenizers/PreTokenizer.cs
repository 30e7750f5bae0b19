using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizer.Bpe.PreTokenizers;

/// <summary>How a family of models cuts a text into words before merging. Immutable.</summary>
internal sealed partial class PreTokenizer
{
    private readonly SplitStage[] _stages;

    private PreTokenizer(params SplitStage[] stages) => _stages = stages;

    /// <summary>Whether a word that is a token needs no merges.</summary>
    public bool WholeWords { get; private init; }

    /// <summary>Whether a text starts with BOS unless the file says otherwise.</summary>
    public bool AddsBos { get; private init; }

    /// <summary>Whether decoding a whole text takes back spaces before punctuation.</summary>
    public bool CleansSpaces { get; private init; }

    /// <summary>How the vocabulary spells bytes.</summary>
    public SpellingAlphabet Alphabet { get; private init; }

    /// <summary>Whether a text starts with BOS even where the file says otherwise: the model answers nonsense without it.</summary>
    public bool NeedsBos { get; private init; }

    /// <summary>Whether a run of line feeds that is a token needs no merges.</summary>
    public bool WholeLineBreaks { get; private init; }

    /// <summary>Whether white space is only where words end, and no part of them.</summary>
    public bool DropsWhite { get; private init; }

    /// <summary>The same for a vocabulary without white space: a text is cut at it first.</summary>
    public PreTokenizer WithoutWhite() => new([new SplitStage<RunRule>(new(CharClass.White)), .. _stages])
    {
        WholeWords = WholeWords,
        AddsBos = AddsBos,
        CleansSpaces = CleansSpaces,
        Alphabet = Alphabet,
        NeedsBos = NeedsBos,
        WholeLineBreaks = WholeLineBreaks,
        DropsWhite = true,
    };

    /// <summary>Cuts a text; returns the ends of its words, in one of the two lists.</summary>
    public List<int> Split(CodePoints text, List<int> first, List<int> second)
    {
        first.Clear();
        first.Add(text.Length);
        foreach (SplitStage stage in _stages)
        {
            second.Clear();
            stage.Split(text, first, second);
            (first, second) = (second, first);
        }
        return first;
    }
}
