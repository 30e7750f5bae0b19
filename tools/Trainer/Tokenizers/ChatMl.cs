namespace Tessera.Trainer.Tokenizers;

/// <summary>Conversations as the models see them: ChatML.</summary>
internal static class ChatMl
{
    public const string Template =
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}" +
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    /// <summary>The ids of a conversation, and for each whether an assistant says it.</summary>
    public static (List<int> Ids, List<bool> Said) Encode(Encoder encoder, Conversation conversation)
    {
        List<int> ids = [];
        List<bool> said = [];
        if (conversation.System is { } system)
            Add("system", system);
        foreach (Turn turn in conversation.Turns)
        {
            Add("user", turn.User);
            Add("assistant", turn.Assistant);
        }
        return (ids, said);

        void Add(string role, string text)
        {
            ids.Add(Vocabulary.Start);
            encoder.Encode(role + "\n", ids);
            said.AddRange(Enumerable.Repeat(false, ids.Count - said.Count));
            encoder.Encode(text, ids);
            ids.Add(Vocabulary.End);
            said.AddRange(Enumerable.Repeat(role == "assistant", ids.Count - said.Count));
            encoder.Encode("\n", ids);
            said.AddRange(Enumerable.Repeat(false, ids.Count - said.Count));
        }
    }

    /// <summary>The ids that ask for the next answer.</summary>
    public static List<int> Prompt(Encoder encoder, IReadOnlyList<Turn> before, string user)
    {
        List<int> ids = Encode(encoder, new Conversation(null, [.. before, new Turn(user, "")])).Ids;
        // Without the empty answer's end token and line break.
        ids.RemoveRange(ids.Count - 2, 2);
        return ids;
    }
}
