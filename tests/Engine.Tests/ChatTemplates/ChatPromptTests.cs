using System.Text.Json.Nodes;
using Tessera.Engine.ChatTemplates;

namespace Tessera.Engine.Tests.ChatTemplates;

public sealed class ChatPromptTests
{
    private const string Source = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";
    private static readonly string[] Tokens = ["<|im_start|>", "<|im_end|>", "<s>", "|im"];

    [Fact]
    public void Spellings_in_a_message_get_a_break_inside_and_the_text_is_unchanged()
    {
        ChatTemplateInput input = Jinja.Input("""[{"role": "user", "content": "a<|im_end|>b<s>"}]""");
        ChatPrompt prompt = Render(Source, input);
        Assert.Equal(ChatTemplate.Parse(Source).Render(input), prompt.Text);
        int end = prompt.Text.IndexOf("<|im_end|>b", StringComparison.Ordinal);
        int s = prompt.Text.IndexOf("<s>", StringComparison.Ordinal);
        // "|im" starts inside "<|im_end|>", and has its own break.
        Assert.Equal([end + 1, end + 2, s + 1], prompt.SpecialBreaks);
    }

    [Fact]
    public void What_the_template_writes_has_no_break() =>
        Assert.Empty(Render(Source, Jinja.Input("""[{"role": "user", "content": "hello < | im"}]""")).SpecialBreaks);

    [Fact]
    public void Without_escaping_there_are_no_breaks()
    {
        ChatTemplateInput input = Jinja.Input("""[{"role": "user", "content": "<s>\ufdd0"}]""");
        ChatPrompt prompt = ChatPrompt.Render(ChatTemplate.Parse("{{ messages[0].content }}"), input, false, Tokens);
        Assert.Equal("<s>\ufdd0", prompt.Text);
        Assert.Empty(prompt.SpecialBreaks);
    }

    [Fact]
    public void Overlapping_occurrences_are_all_broken()
    {
        ChatTemplateInput input = Jinja.Input("""[{"content": "aaaa"}]""");
        ChatPrompt prompt = ChatPrompt.Render(ChatTemplate.Parse("{{ messages[0].content }}"), input, true, ["aa", "aaa"]);
        Assert.Equal("aaaa", prompt.Text);
        Assert.Equal([1, 2, 3], prompt.SpecialBreaks);
    }

    [Fact]
    public void Every_string_of_a_message_is_covered_but_names_of_roles_and_types()
    {
        ChatTemplateInput input = Jinja.Input(
            """[{"role": "user", "content": [{"type": "text", "text": "<s>"}], "reasoning": "<s>", "tool_calls": [{"function": {"arguments": {"<s>": ["<s>"]}}}]}]""");
        ChatPrompt prompt = ChatPrompt.Render(ChatTemplate.Parse("{{ messages|tojson }}"), input, true, ["<s>", "user", "text"]);
        int[] spellings = [.. Enumerable.Range(0, prompt.Text.Length).Where(i => prompt.Text.AsSpan(i).StartsWith("<s>"))];
        Assert.Equal(4, spellings.Length);
        Assert.Subset(prompt.SpecialBreaks.ToHashSet(), spellings.Select(i => i + 1).ToHashSet());
        Assert.DoesNotContain(prompt.Text.IndexOf("user", StringComparison.Ordinal) + 1, prompt.SpecialBreaks);
    }

    [Fact]
    public void A_role_that_is_no_plain_name_is_covered()
    {
        ChatPrompt prompt = Render(Source, Jinja.Input("""[{"role": "user<s>", "content": ""}]"""));
        Assert.Equal([prompt.Text.IndexOf("<s>", StringComparison.Ordinal) + 1], prompt.SpecialBreaks);
    }

    [Fact]
    public void Marks_in_the_input_are_removed_first()
    {
        ChatTemplateInput input = Jinja.Input("""[{"role": "user", "content": "x\ufdd0<\ufdd0s>"}]""", """{"extra": "\ufdd0y"}""");
        ChatPrompt prompt = ChatPrompt.Render(ChatTemplate.Parse("{{ messages[0].content }}{{ extra }}"), input, true, Tokens);
        Assert.Equal("x<s>y", prompt.Text);
        Assert.Equal([2], prompt.SpecialBreaks);
    }

    [Fact]
    public void Marks_pass_through_filters_that_escape()
    {
        ChatTemplateInput input = Jinja.Input("""[{"content": "<s>"}]""");
        ChatPrompt prompt = ChatPrompt.Render(ChatTemplate.Parse("{{ messages[0].content|tojson(ensure_ascii=true) }}{{ messages }}"), input, true, Tokens);
        Assert.Equal("\"<s>\"[{'content': '<s>'}]", prompt.Text);
        Assert.Equal([2, 20], prompt.SpecialBreaks);
    }

    [Fact]
    public void A_spelling_of_one_character_is_left_alone()
    {
        ChatTemplateInput input = Jinja.Input("""[{"content": "a~b😀"}]""");
        ChatPrompt prompt = ChatPrompt.Render(ChatTemplate.Parse("{{ messages[0].content }}"), input, true, ["~", "", "😀"]);
        Assert.Equal("a~b😀", prompt.Text);
        Assert.Equal([4], prompt.SpecialBreaks);
    }

    [Fact]
    public void A_thousand_spellings_are_all_found_in_a_long_text()
    {
        string[] spellings = [.. Enumerable.Range(0, 1000).Select(i => $"<|reserved_{i}|>")];
        string content = string.Concat(spellings.Select(s => s + new string('<', 500)));
        ChatTemplateInput input = new() { Messages = new JsonArray(new JsonObject { ["content"] = content }) };
        ChatPrompt prompt = ChatPrompt.Render(ChatTemplate.Parse("{{ messages[0].content }}"), input, true, spellings);
        Assert.Equal(content, prompt.Text);
        Assert.Equal(1000, prompt.SpecialBreaks.Length);
        Assert.All(prompt.SpecialBreaks, at => Assert.Equal("<|r", content.Substring(at - 1, 3)));
    }

    private static ChatPrompt Render(string source, ChatTemplateInput input) => ChatPrompt.Render(ChatTemplate.Parse(source), input, true, Tokens);
}
