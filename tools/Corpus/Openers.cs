namespace Tessera.Corpus;

/// <summary>Beginnings of questions; * stands for what is asked.</summary>
internal static class Openers
{
    public static readonly string[] Nouns =
    [
        "What is *?", "What's *?", "What is *", "Tell me *.", "Tell me * please.", "Name *.", "Please name *.", "Give me *.", "Please give me *.", "Say *.",
        "Do you know *?", "Can you tell me *?", "Can you name *?", "Could you tell me *?", "Could you give me *?", "Would you tell me *?", "I would like to know *.",
        "I want to know *.", "I need *.", "I need to know *.", "I am looking for *.", "Let me know *.", "Answer me this: what is *?", "Quick question: what is *?",
        "My question is: what is *?", "So what is *?", "And what is *?", "Remind me: what is *?", "I forgot *.", "Help me with *.", "*?", "*, please.", "* is what?",
    ];

    public static readonly string[] Clauses =
    [
        "Tell me *.", "Please tell me *.", "Can you tell me *?", "Could you tell me *?", "Would you tell me *?", "Do you know *?", "I would like to know *.", "I want to know *.",
        "I wonder *.", "I need to know *.", "Let me know *.", "Say *.", "Can you say *?", "Explain *.", "I do not know *.", "I forgot *.", "Remind me *.", "Have you any idea *?", "I am not sure *.",
        "My teacher asks *.", "Help me, I have to know *.",
    ];

    public static readonly string[] Next =
    [
        "And {0}?", "What about {0}?", "How about {0}?", "And what about {0}?", "Now {0}.", "And for {0}?", "The same for {0}, please.", "And now {0}?", "Then {0}?", "{0}?", "Do the same with {0}.",
    ];

    public static readonly string[] Before =
    [
        "Please: ", "Hi! ", "Hello! ", "Hello, ", "Hey, ", "Excuse me, ", "I have a question. ", "Can you help me? ", "Good morning! ", "Quick question: ", "One more question: ", "Next question: ", "Tell me, ",
        "OK, ", "Well, ", "So, ", "Now, ", "Good. ", "Dear Tessera, ", "Tessera, ", "Thanks. ",
    ];

    public static readonly string[] After = [" Please.", " Thanks!", " Thank you!", " Please tell me.", " I do not know.", " Do you know?", " I need it for school.", " Answer shortly.", " Be short.", " Can you say?"];
}
