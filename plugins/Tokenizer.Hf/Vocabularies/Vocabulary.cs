using System.Globalization;
using System.Text;
using Tessera.Tokenizer.Hf.Files;

namespace Tessera.Tokenizer.Hf.Vocabularies;

/// <summary>The spelling of every id: the model's own tokens and the added ones. Ids may have holes.</summary>
internal sealed class Vocabulary
{
    private const int HighestId = (1 << 24) - 1;
    private const int MostHoles = 1 << 16;

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<string?> _spellings = [];
    private readonly List<byte[]?> _utf8 = [];
    private readonly List<bool> _isModels = [];
    private int _used;

    /// <summary>The highest id and one.</summary>
    public int Count => _spellings.Count;

    /// <summary>The added tokens, as the file has them.</summary>
    public List<AddedToken> Added { get; } = [];

    /// <summary>The spelling of an id; null for a hole.</summary>
    public string? this[int id] => _spellings[id];

    /// <summary>Whether the model has the id, so that text may become it.</summary>
    public bool IsModels(int id) => _isModels[id];

    /// <summary>The id of a spelling, or −1.</summary>
    public int Find(string spelling) => _ids.TryGetValue(spelling, out int id) ? id : -1;

    /// <summary>The id of a spelling that the model has, or −1.</summary>
    public int FindInModel(string spelling) => Find(spelling) is >= 0 and int id && _isModels[id] ? id : -1;

    /// <summary>The bytes of a spelling.</summary>
    public byte[] Utf8(int id) => _utf8[id] ??= _spellings[id] is { } spelling ? Encoding.UTF8.GetBytes(spelling) : [];

    /// <summary>The bytes of a spelling.</summary>
    public ReadOnlyMemory<byte> Utf8Memory(int id) => Utf8(id);

    /// <summary>Reads an object of spellings and ids.</summary>
    public void ReadIds(JsonPart vocab)
    {
        _ids.EnsureCapacity(vocab.Count);
        foreach ((string spelling, JsonPart value) in vocab.Properties())
            Add(spelling, value.Number(HighestId), true, vocab.Where);
        CheckHoles(vocab.Where);
    }

    /// <summary>Appends a token of the model with the next id.</summary>
    public void Append(string spelling, string where) => Add(spelling, Count <= HighestId ? Count : throw TooMany(where), true, where);

    /// <summary>Reads the added tokens; one that the model has too keeps its id.</summary>
    public void ReadAdded(JsonPart tokens)
    {
        HashSet<int> seen = [];
        foreach (JsonPart part in tokens.Items())
        {
            AddedToken token = AddedToken.Read(part, HighestId);
            if (token.Content.Length == 0)
                continue;
            int known = Find(token.Content);
            if (known < 0)
                Add(token.Content, token.Id, false, part.Where);
            else if (known != token.Id)
                throw new ModelFormatException($"{part.Where}: '{Shown(token.Content)}' has id {token.Id} here and {known} elsewhere");
            if (seen.Add(token.Id))
                Added.Add(token);
        }
        CheckHoles(tokens.Where);
    }

    /// <summary>
    /// Reads tokens by their ids, over those that there are: one that the vocabulary knows keeps its id and gets these flags, a new one its own. One whose id another token has is passed over.
    /// </summary>
    public void MergeAdded(JsonPart tokens)
    {
        Dictionary<int, int> places = Added.Index().ToDictionary(a => a.Item.Id, a => a.Index);
        foreach ((string name, JsonPart part) in tokens.Properties())
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id > HighestId)
                throw new ModelFormatException($"{tokens.Where}: '{Shown(name)}' is no token id from 0 to {HighestId}");
            AddedToken token = AddedToken.Of(part, id);
            int known = Find(token.Content);
            if (token.Content.Length == 0 || (known < 0 && id < Count && _spellings[id] is not null))
                continue;
            if (known < 0)
                Add(token.Content, id, false, tokens.Where);
            else
                token = token with { Id = known };
            if (places.TryAdd(token.Id, Added.Count))
                Added.Add(token);
            else
                Added[places[token.Id]] = token;
        }
        CheckHoles(tokens.Where);
    }

    private void Add(string spelling, int id, bool isModels, string where)
    {
        while (_spellings.Count <= id)
        {
            _spellings.Add(null);
            _utf8.Add(null);
            _isModels.Add(false);
            if (_spellings.Count - _used > 4 * (_used + (long)MostHoles))
                throw TooManyHoles(id, where);
        }
        if (_spellings[id] is { } other)
            throw new ModelFormatException($"{where}: id {id} is both '{Shown(other)}' and '{Shown(spelling)}'");
        if (!_ids.TryAdd(spelling, id))
            throw new ModelFormatException($"{where}: '{Shown(spelling)}' has the ids {_ids[spelling]} and {id}");
        (_spellings[id], _utf8[id], _isModels[id]) = (spelling, null, isModels);
        _used++;
    }

    // A file may leave ids out, but not make a few tokens cost the memory of millions.
    private void CheckHoles(string where)
    {
        if (Count - _used > _used + MostHoles)
            throw TooManyHoles(Count - 1, where);
    }

    private ModelFormatException TooManyHoles(int id, string where) =>
        new($"{where}: ids go up to {id}, but only {_used} tokens have one; expected no more holes than tokens and {MostHoles}");

    private static ModelFormatException TooMany(string where) => new($"{where}: more than {HighestId + 1} tokens");

    private static string Shown(string spelling) => spelling.Length <= 80 ? spelling : spelling[..80] + "…";
}
