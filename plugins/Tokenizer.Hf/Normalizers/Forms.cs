using Tessera.Tokenizers.Common.Unicode;

namespace Tessera.Tokenizer.Hf.Normalizers;

/// <summary>NFC, NFD, NFKC, NFKD.</summary>
internal sealed class Forms(UnicodeForm form) : Normalizer
{
    private readonly Spare<FormNormalizer> _spare = new(() => new FormNormalizer(form));

    public override void Apply(TextBuffer text)
    {
        FormNormalizer normalizer = _spare.Rent();
        if (normalizer.FirstActive(text.Text) < text.Text.Length)
        {
            normalizer.Normalize(text.Text, text);
            text.Commit();
        }
        _spare.Return(normalizer);
    }
}
