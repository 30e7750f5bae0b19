namespace Tessera.Corpus.Stories;

/// <summary>A story that keeps its names, its place and its things; and questions about it.</summary>
internal sealed class Story
{
    private static readonly string[] Openers =
    [
        "Tell me *.", "Please tell me *.", "Can you tell me *?", "Could you tell me *?", "Would you tell me *?", "Write *.", "Please write *.", "Can you write *?", "I would like to hear *.", "I want to hear *.", "Give me *.",
        "Make up *.", "I want *.", "I would like *.", "How about *?", "Do you know *?", "*, please.", "*", "Tell us *.", "Let me hear *.", "Read me *.", "Tell the children *.", "Can I have *?", "Tell *.",
    ];

    private static readonly string[] Nouns =
    [
        "a story about {0}", "a story about {0}", "a short story about {0}", "a tale about {0}", "a little story about {0}", "a nice story about {0}", "a bedtime story about {0}", "a fairy tale about {0}", "a story of {0}", "a new story about {0}",
        "the story of {0}", "something about {0}",
    ];

    private static readonly string[] Again = ["Tell me another story about {0}.", "Now tell me a story about {0}.", "Another story, about {0}.", "And one about {0}?", "Now one about {0}, please.", "And a story about {0}?"];

    private readonly Random _random;
    private readonly string _hero, _name, _place, _friend, _friendName, _colour, _thing, _food, _mood;
    private readonly bool _she;
    private readonly int _plot;

    public Story(Random random)
    {
        _random = random;
        do
        {
            _hero = random.Pick(Cast.Heroes);
            _place = random.Pick(Cast.Places);
        }
        while (Cast.IsHeldOut(_hero, _place));
        do
            _friend = random.Pick(Cast.Heroes);
        while (_friend == _hero);
        int name = Named(_hero, 0, Cast.HeroNames), other = Named(_friend, Cast.HeroNames, Cast.Names.Length);
        _name = Cast.Names[name];
        _friendName = Cast.Names[other];
        _she = IsHers(name);
        _colour = random.Pick(Cast.Colours);
        _thing = random.Pick(Cast.Things);
        _food = random.Pick(Cast.Foods);
        _mood = random.Pick(Cast.Moods);
        _plot = random.Next(Plots.All.Length);
    }

    /// <summary>A name that suits the kind, from <paramref name="first"/> on and before <paramref name="end"/>, which are even.</summary>
    private int Named(string kind, int first, int end)
    {
        int name = _random.Next(first, end);
        return kind switch
        {
            "girl" or "princess" => name | 1,
            "boy" => name & ~1,
            _ => name,
        };
    }

    /// <summary>Even names are his, odd ones hers.</summary>
    private static bool IsHers(int name) => name % 2 == 1;

    /// <summary>Every wording that asks for a story; {0} is its hero.</summary>
    public static IEnumerable<string> Wordings => [.. Nouns.SelectMany(n => Openers.Select(o => o.Replace("*", n, StringComparison.Ordinal))), .. Again];

    public Turn Tell(bool again = false)
    {
        string wording = again ? _random.Pick(Again) : _random.Pick(Openers).Replace("*", _random.Pick(Nouns), StringComparison.Ordinal);
        return new Turn(English.Sentence(English.Fill(wording, Subject())), Text());
    }

    /// <summary>A question about the story just told.</summary>
    public Turn Ask()
    {
        Relation about = _random.Pick(Questions.All);
        Turn turn = about.Ask(_random);
        return new Turn(Fill(turn.User), Fill(turn.Assistant));
    }

    private string Subject()
    {
        string hero = English.WithArticle(_random.Chance(0.25) ? $"{_mood} {_hero}" : _hero);
        return _random.Next(10) switch
        {
            0 or 1 => hero,
            2 or 3 or 4 => $"{hero} {_place}",
            5 => $"{hero} named {_name}",
            6 => $"{hero} called {_name} {_place}",
            7 => $"{_name} the {_hero}",
            8 => $"{hero} who lives {_place}",
            _ => $"{hero} and {English.WithArticle(_friend)}",
        };
    }

    private string Text()
    {
        List<string> sentences = [_random.Pick(Plots.Beginnings), _random.Pick(Plots.Homes)];
        sentences.AddRange(Plots.All[_plot].Select(wordings => _random.Pick(wordings)));
        sentences.Add(_random.Pick(Plots.Ends));
        return Fill(string.Join(' ', sentences));
    }

    private string Fill(string text)
    {
        (string he, string him, string his) = _she ? ("she", "her", "her") : ("he", "him", "his");
        string thing = $"{_colour} {_thing}";
        return text.Replace("{N}", _name, StringComparison.Ordinal).Replace("{K}", _hero, StringComparison.Ordinal).Replace("{P}", _place, StringComparison.Ordinal)
            .Replace("{M}", _friendName, StringComparison.Ordinal).Replace("{F}", _friend, StringComparison.Ordinal).Replace("{T}", _thing, StringComparison.Ordinal)
            .Replace("{A}", English.WithArticle(thing), StringComparison.Ordinal).Replace("{C}", thing, StringComparison.Ordinal).Replace("{E}", _food, StringComparison.Ordinal)
            .Replace("{W}", _mood, StringComparison.Ordinal).Replace("{he}", he, StringComparison.Ordinal).Replace("{him}", him, StringComparison.Ordinal)
            .Replace("{his}", his, StringComparison.Ordinal).Replace("{He}", English.Sentence(he), StringComparison.Ordinal);
    }
}
