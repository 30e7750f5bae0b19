using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.ChatTemplates;
using System.Text;

namespace Tessera.Acceptance.Tests.RealModel;

public sealed class PromptTests(SharedStack stack)
{
    [Fact]
    public void Prompts_render_and_tokenize_as_recorded()
    {
        Goldens goldens = Goldens.Require();
        using Composition composition = stack.Host.Build(goldens.Model, ActivationPrecision.Fast, 64);
        ChatTemplate template = ChatTemplate.Parse(composition.Source.ChatTemplate!);
        List<string> wrong = [];
        int chats = 0, raw = 0;
        foreach (GoldenCase one in goldens.List)
        {
            List<int> ids = [];
            if (one.IsChat)
            {
                ChatPrompt prompt = ChatPrompt.Render(template, Input(one, composition.Tokenizer), escapeSpecialTokens: false, []);
                if (prompt.Text != one.Prompt)
                    wrong.Add($"{one.Name}: rendered '{prompt.Text}', recorded '{one.Prompt}'");
                ids = PromptEncoder.Encode(composition.Tokenizer, prompt);
                chats++;
            }
            else
            {
                composition.Tokenizer.Encode(one.Prompt, new EncodeOptions { AddSpecial = true, ParseSpecial = one.ParseSpecial }, ids);
                raw++;
            }
            if (!ids.SequenceEqual(one.Ids))
                wrong.Add($"{one.Name}: ids [{string.Join(' ', ids)}], recorded [{string.Join(' ', one.Ids)}]");
        }
        Assert.Equal(Goldens.Cases, chats + raw);
        Assert.True(chats > 0 && raw > 0);
        Assert.Empty(wrong);
    }

    [Fact]
    public void The_perplexity_text_tokenizes_as_recorded()
    {
        Goldens goldens = Goldens.Require();
        using Tessera.Host.Models.OpenModel open = Tessera.Host.Models.OpenModel.Open(goldens.Model, stack.Host.Plugins, mmap: true);
        List<int> ids = [];
        open.CreateTokenizer().Encode(goldens.Text.Text, default, ids);
        Assert.Equal(Goldens.TextTokens, goldens.Text.Ids.Length);
        Assert.Equal(goldens.Text.Ids, ids.Take(Goldens.TextTokens));
    }

    private static ChatTemplateInput Input(GoldenCase one, ITokenizer tokenizer) => new()
    {
        Messages = one.Messages,
        AddGenerationPrompt = true,
        BosToken = Spelling(tokenizer, SpecialToken.Bos),
        EosToken = Spelling(tokenizer, SpecialToken.Eos),
    };

    private static string? Spelling(ITokenizer tokenizer, SpecialToken role) =>
        tokenizer.Special(role) is { } id ? Encoding.UTF8.GetString(tokenizer.Piece(id)) : null;
}
