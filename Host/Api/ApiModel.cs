using System.Text.Json.Nodes;
using Tessera.Engine;
using Tessera.Engine.ChatTemplates;
using Tessera.Engine.Embeddings;
using Tessera.Engine.Sampling;
using Tessera.Host.Plugins;

namespace Tessera.Host.Api;

/// <summary>What the API needs to know of a composition beyond the engine's own: its chat template and defaults, and how prompts become ids. Immutable.</summary>
internal sealed class ApiModel
{
    private readonly Composition _composition;
    private readonly bool _escapeSpecialTokens;
    private readonly Lazy<ChatTemplate> _template;
    private readonly Lazy<string[]> _controlSpellings;

    /// <summary>Looks at a composition.</summary>
    /// <param name="composition">The composition; in use for as long as this is.</param>
    /// <param name="sampling">Sampling where a request says nothing.</param>
    /// <param name="escapeSpecialTokens">Message texts are tokenized without special tokens.</param>
    public ApiModel(Composition composition, SamplingOptions sampling, bool escapeSpecialTokens)
    {
        _composition = composition;
        _escapeSpecialTokens = escapeSpecialTokens;
        Sampling = sampling;
        _template = new(ParseTemplate);
        _controlSpellings = new(() => Failure.Guard(() => ControlSpellings(composition.Tokenizer)));
        Texts = new TextModel(composition, parseSpecial: !escapeSpecialTokens);
    }

    public string Name => _composition.Name;

    public ITokenizer Tokenizer => _composition.Tokenizer;

    /// <summary>The ids that can be both read and generated.</summary>
    public int VocabularySize => Math.Min(Tokenizer.VocabularySize, _composition.Graph.VocabularySize);

    /// <summary>The longest context, in tokens.</summary>
    public int ContextLength => _composition.Limits.MaxContext;

    /// <summary>The most continuations of one prompt.</summary>
    public int MaxChoices => Math.Min(_composition.Limits.MaxSequences, Math.Min(_composition.Limits.MaxRows, _composition.Limits.MaxOutputs));

    /// <summary>Sampling where a request says nothing.</summary>
    public SamplingOptions Sampling { get; }

    /// <summary>The model as one of texts' vectors.</summary>
    public TextModel Texts { get; }

    /// <summary>Refuses a model that generates no text.</summary>
    /// <exception cref="ApiException">It makes embeddings or scores.</exception>
    public void RequireGeneration()
    {
        if (_composition.Graph.Logits is not null)
            return;
        string what = Texts.WhyNoEmbeddings is null ? "makes embeddings (/v1/embeddings)" : Texts.WhyNoScores is null ? "makes scores (/v1/rerank)" : "has no head";
        throw new ApiException(400, $"model '{Name}' {what} and generates no text", "model", "model_not_generative");
    }

    /// <summary>The ids of a plain text, with what the model wants around it.</summary>
    public int[] EncodeText(string text, string field)
    {
        List<int> ids = [];
        return CheckPrompt(Failure.Guard(() =>
        {
            Tokenizer.Encode(text, new EncodeOptions { AddSpecial = true, ParseSpecial = !_escapeSpecialTokens }, ids);
            return ids.ToArray();
        }), field);
    }

    /// <summary>The ids of a text as the model would put it out: nothing around it, and no more than fit the context. None where nothing drafts, and nobody reads them.</summary>
    public int[] EncodeOutput(string text)
    {
        if (_composition.Strategy is null)
            return [];
        int vocabulary = VocabularySize;
        return [.. FirstTokens.Of(Tokenizer, text, new EncodeOptions { ParseSpecial = !_escapeSpecialTokens }, ContextLength).TakeWhile(id => id < vocabulary)];
    }

    /// <summary>The ids of a conversation.</summary>
    /// <exception cref="ApiException">The model has no template, or the template refuses the messages.</exception>
    public int[] EncodeChat(JsonArray messages, JsonObject? variables, bool addGenerationPrompt, DateTime now)
    {
        try
        {
            ChatPrompt prompt = ChatPrompt.Render(_template.Value, new ChatTemplateInput
            {
                Messages = messages,
                AddGenerationPrompt = addGenerationPrompt,
                BosToken = Spelling(SpecialToken.Bos),
                EosToken = Spelling(SpecialToken.Eos),
                Variables = variables,
                Now = now,
            }, _escapeSpecialTokens, _escapeSpecialTokens ? _controlSpellings.Value : []);
            return CheckPrompt(Failure.Guard(() => PromptEncoder.Encode(Tokenizer, prompt).ToArray()), "messages");
        }
        catch (ChatTemplateException e)
        {
            throw new ApiException(400, $"'messages': the model's chat template refuses them: {e.Message}", "messages", "chat_template_error");
        }
    }

    /// <summary>The prompt, if it is not empty and leaves room in the context.</summary>
    public int[] CheckPrompt(int[] ids, string field)
    {
        if (ids.Length == 0)
            throw ApiException.Invalid(field, "at least one token", "none");
        if (ids.Length >= ContextLength)
            throw new ApiException(400, $"'{field}': {ids.Length} tokens do not leave room in the model's context of {ContextLength}", field, "context_length_exceeded");
        return TokenIds.Check(ids, field, _composition.Graph.VocabularySize);
    }

    private ChatTemplate ParseTemplate() => ChatTemplate.Parse(_composition.Source.ChatTemplate
        ?? throw new ApiException(400, $"model '{Name}' has no chat template; use /v1/completions", "model", "no_chat_template"));

    private string? Spelling(SpecialToken role) =>
        Failure.Guard(() => Tokenizer.Special(role) is { } id ? System.Text.Encoding.UTF8.GetString(Tokenizer.Piece(id)) : null);

    private static string[] ControlSpellings(ITokenizer tokenizer)
    {
        List<string> spellings = [];
        for (int id = 0; id < tokenizer.VocabularySize; id++)
            if (tokenizer.Kind(id) == TokenKind.Control)
                spellings.Add(System.Text.Encoding.UTF8.GetString(tokenizer.Piece(id)));
        return [.. spellings];
    }
}
