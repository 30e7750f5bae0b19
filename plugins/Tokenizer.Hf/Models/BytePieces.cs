using System.Globalization;
using Tessera.Tokenizer.Hf.Vocabularies;

namespace Tessera.Tokenizer.Hf.Models;

/// <summary>The tokens <c>&lt;0x00&gt;</c> … <c>&lt;0xFF&gt;</c> of a model.</summary>
internal sealed class BytePieces
{
    private readonly int[] _ids = new int[256];

    public BytePieces(Vocabulary vocabulary)
    {
        for (int value = 0; value < 256; value++)
            _ids[value] = vocabulary.FindInModel(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"));
    }

    /// <summary>The token of a byte, or −1.</summary>
    public int this[byte value] => _ids[value];

    /// <summary>Whether a token is that of a byte.</summary>
    public bool Has(int id) => Array.IndexOf(_ids, id) >= 0;

    /// <summary>Whether all bytes of a text have tokens.</summary>
    public bool Cover(ReadOnlySpan<byte> text)
    {
        foreach (byte value in text)
            if (_ids[value] < 0)
                return false;
        return true;
    }
}
