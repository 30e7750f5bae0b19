namespace Tessera.Corpus.Stories;

/// <summary>Questions about a story just told; the slots are the story's.</summary>
internal static class Questions
{
    public static readonly Relation[] All =
    [
        About("the hero", "The story was about {N} the {K}.", ["the hero", "the name of the hero", "the hero's name", "the main character"], ["who the story was about", "who the hero is", "what the hero is called"],
        [
            "Who was the story about?", "Who is the story about?", "What is the name of the hero?", "Who was the hero?", "Who is the hero of the story?", "What was the hero called?", "Who was it about?", "Who is it about?",
            "About whom was the story?", "What was the name of the hero?", "Which animal or person was the story about?", "Who was the main character?", "What was the {K} called?", "What is the {K}'s name?", "What was the name of the {K}?",
        ]),
        About("the place", "{N} lived {P}.", ["the place of the story", "the home of {N}"], ["where {N} lived", "where the story happened", "where the {K} lived"],
        [
            "Where did {N} live?", "Where did the {K} live?", "Where did the story happen?", "Where was it?", "Where did it happen?", "Where was the home of {N}?", "In what place did {N} live?", "Where does {N} live?", "Where was that?",
            "Where does the story happen?", "Where did the hero live?",
        ]),
        About("the friend", "The friend was {M} the {F}.", ["the friend's name", "the name of the friend", "{N}'s friend"], ["who the friend was", "who {N} met", "what the friend was called"],
        [
            "Who was the friend?", "Who was {N}'s friend?", "What was the friend called?", "Who else was in the story?", "Whom did {N} meet?", "Who did {N} meet?", "What was the name of the friend?", "Who is {M}?", "Who was {M}?",
            "Who was with {N}?", "Which friend did {N} have?",
        ]),
        About("the thing", "It was {A}.", ["the thing in the story"], ["what thing was in the story", "what the {T} looked like"],
        ["Which thing was in the story?", "What thing was it?", "What was the thing?", "What did the {T} look like?", "What kind of {T} was it?", "What colour was the {T}?", "Which colour had the {T}?", "What thing was the story about?"]),
        About("the end", "{N} and {M} were happy in the end.", ["the end of the story"], ["how the story ended", "how it ended"],
        ["How did the story end?", "How does the story end?", "How did it end?", "Was {N} happy in the end?", "Did it end well?", "Was it a happy end?", "What happened in the end?"]),
    ];

    private static Relation About(string name, string answer, string[] nouns, string[] clauses, string[] questions) =>
        new(name, 1, [new Fact([], answer)]) { Nouns = nouns, Clauses = clauses, Questions = questions };
}
