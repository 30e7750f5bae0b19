using Tessera.Tokenizers.Common.Unicode;

namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>The script of a code point, as <see href="https://huggingface.co/docs/tokenizers/api/pre-tokenizers#tokenizers.pre_tokenizers.UnicodeScripts">UnicodeScripts</see>
/// counts it: kana are Han, a space and what is not assigned are of any.</summary>
public sealed class Scripts
{
    /// <summary>Any script.</summary>
    public const int Any = 0;

    private const int ProlongedSound = 0x30FC;

    private static readonly Lazy<Scripts> Loaded = new(() => new Scripts());

    private readonly PointTable _table;
    private readonly int _han, _hiragana, _katakana;

    private Scripts()
    {
        _table = UnicodeSets.Instance.NumberScripts(out Func<string, int> numberOf);
        (_han, _hiragana, _katakana) = (numberOf("Han"), numberOf("Hiragana"), numberOf("Katakana"));
    }

    /// <summary>The tables; read at the first call.</summary>
    public static Scripts Instance => Loaded.Value;

    /// <summary>The script's number.</summary>
    public int Of(int point)
    {
        if (point == ' ')
            return Any;
        int script = _table[point];
        return script == _hiragana || script == _katakana || point == ProlongedSound ? _han : script;
    }
}
