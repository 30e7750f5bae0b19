using System.Text.RegularExpressions;
using Tessera.Corpus.Relations;
using Tessera.Corpus.Stories;

namespace Tessera.Corpus;

/// <summary>Tells questions that the corpus may hold, whatever its seed, from those that it never does.</summary>
public sealed class Phrasebook
{
    private readonly HashSet<string> _questions = [];
    private readonly List<Regex> _patterns = [];

    /// <summary>Fills every wording with everything that it can be filled with.</summary>
    public Phrasebook()
    {
        foreach (Relation relation in CorpusGenerator.Relations)
            foreach (Fact fact in relation.Facts)
                foreach (string wording in relation.Follows ? relation.Wordings.Concat(Openers.Next) : relation.Wordings)
                    _questions.Add(Plain(English.Fill(wording, fact.Slots)));
        foreach (string wording in Names.Asked.Concat(Names.Told.SelectMany(t => Names.People.Select(name => English.Fill(t, name)))))
            _questions.Add(Plain(wording));
        // A story's slots are too many to fill.
        foreach (string wording in Story.Wordings.Where(w => w != "{0}").Concat(Questions.All.SelectMany(q => q.Wordings)).Concat(Recall.Wordings))
            _patterns.Add(new Regex($"^{Regex.Replace(Regex.Escape(Plain(wording)), @"\\\{\w+}", "[a-z ,]+")}$", RegexOptions.CultureInvariant));
    }

    /// <summary>Whether the corpus may hold the question, with or without a greeting before it and a plea after it, in any case.</summary>
    public bool Knows(string question)
    {
        ArgumentNullException.ThrowIfNull(question);
        foreach (string before in Openers.Before.Append(""))
            foreach (string after in Openers.After.Append(""))
                if (question.StartsWith(before, StringComparison.OrdinalIgnoreCase) && question.Length > before.Length + after.Length && question.EndsWith(after, StringComparison.OrdinalIgnoreCase)
                    && Plain(question[before.Length..^after.Length]) is var plain && (_questions.Contains(plain) || _patterns.Exists(p => p.IsMatch(plain))))
                    return true;
        return false;
    }

    private static string Plain(string text) => text.TrimEnd('.', '?', '!').ToLowerInvariant();
}
