using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.ChatTemplates;
using Tessera.Engine.Evaluation;

namespace Tessera.Acceptance.Tests.HfModels;

/// <summary>Hugging Face folders: the tokenizer, the chat template and the end tokens of each, from messages to the text that comes out.</summary>
public sealed class HfTextTests(SharedStack stack)
{
    public static TheoryData<string> Names => [.. HfGolden.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Texts_have_the_recorded_ids_and_come_back(string name)
    {
        HfGolden golden = HfGolden.Require(name);
        using Composition composition = stack.Host.Build(golden.Folder, ActivationPrecision.Float32);
        foreach (JsonElement text in golden.Texts)
        {
            string shown = text.GetProperty("text").GetString()!;
            int[] ids = HfGolden.Ints(text.GetProperty("ids"));
            Assert.Equal(ids, Encode(composition.Tokenizer, shown, addSpecial: false));
            Assert.Equal(HfGolden.Ints(text.GetProperty("ids_with_special")), Encode(composition.Tokenizer, shown, addSpecial: true));
            Assert.Equal(text.GetProperty("decoded").GetString(), Decode(composition.Tokenizer, ids, skipControl: false));
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {golden.Texts.Count} texts");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Conversations_have_the_recorded_prompts_and_answers(string name)
    {
        HfGolden golden = HfGolden.Require(name);
        using Composition composition = stack.Host.Build(golden.Folder, ActivationPrecision.Float32);
        using SequenceEvaluator evaluator = new(composition.Name, composition.Graph, composition.Runtime, composition.Limits);
        Assert.Equal(golden.EndTokens.Order(), composition.Tokenizer.EndTokens);
        ChatTemplate template = ChatTemplate.Parse(composition.Source.ChatTemplate!);
        foreach (JsonElement it in golden.Conversations)
        {
            string prompt = template.Render(new ChatTemplateInput
            {
                Messages = JsonNode.Parse(it.GetProperty("messages").GetRawText()),
                AddGenerationPrompt = it.GetProperty("add_generation_prompt").GetBoolean(),
                BosToken = Spelling(composition.Tokenizer, SpecialToken.Bos),
                EosToken = Spelling(composition.Tokenizer, SpecialToken.Eos),
                Variables = (JsonObject)JsonNode.Parse(it.GetProperty("kwargs").GetRawText())!,
                Now = golden.Now,
            });
            Assert.Equal(it.GetProperty("text").GetString(), prompt);
            int[] ids = Encode(composition.Tokenizer, prompt, addSpecial: false);
            Assert.Equal(HfGolden.Ints(it.GetProperty("ids")), ids);
            int[] answer = HfGolden.Ints(it.GetProperty("completion_ids"));
            Assert.Equal(answer, evaluator.Greedy(ids, answer.Length));
            Assert.Equal(it.GetProperty("completion_text").GetString(), Decode(composition.Tokenizer, answer, skipControl: false));
            Assert.Equal(it.GetProperty("completion_text_skip_special").GetString(), Decode(composition.Tokenizer, answer, skipControl: true));
            int end = Array.FindIndex(answer, id => composition.Tokenizer.EndTokens.Contains(id));
            Assert.Equal(it.GetProperty("first_eos") is { ValueKind: JsonValueKind.Number } first ? first.GetInt32() : -1, end);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {golden.Conversations.Count} conversations");
    }

    private static int[] Encode(ITokenizer tokenizer, string text, bool addSpecial)
    {
        List<int> ids = [];
        tokenizer.Encode(text, new EncodeOptions { AddSpecial = addSpecial, ParseSpecial = true }, ids);
        return [.. ids];
    }

    private static string Decode(ITokenizer tokenizer, int[] ids, bool skipControl)
    {
        ITokenDecoder decoder = tokenizer.CreateDecoder(skipControl);
        byte[] piece = new byte[decoder.MaxBytes];
        List<byte> bytes = [];
        foreach (int id in ids)
            bytes.AddRange(piece[..decoder.Append(id, piece)]);
        bytes.AddRange(piece[..decoder.Finish(piece)]);
        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static string? Spelling(ITokenizer tokenizer, SpecialToken role) => tokenizer.Special(role) is { } id ? Encoding.UTF8.GetString(tokenizer.Piece(id)) : null;
}
