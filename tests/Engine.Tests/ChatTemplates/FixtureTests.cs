using System.Globalization;
using System.Text.Json.Nodes;
using Tessera.Engine.ChatTemplates;

namespace Tessera.Engine.Tests.ChatTemplates;

public sealed class FixtureTests
{
    [Fact]
    public void All_recorded_conversations_render_as_in_the_reference()
    {
        string folder = Shared.Require("fixtures", "chat-templates");
        List<string> failures = [];
        int ran = 0;
        int lines = 0;
        int files = 0;
        foreach (string file in Directory.GetFiles(folder, "*.cases.json").Order(StringComparer.Ordinal))
        {
            files++;
            lines += File.ReadLines(file).Count(line => line.StartsWith("{\"name\":", StringComparison.Ordinal));
            JsonObject set = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
            ChatTemplate template = ChatTemplate.Parse(File.ReadAllText(Path.Combine(folder, (string)set["template"]!)));
            DateTime now = DateTime.Parse((string)set["now"]!, CultureInfo.InvariantCulture);
            foreach (JsonNode? one in set["cases"]!.AsArray())
            {
                ran++;
                if (Mismatch(template, one!.AsObject(), now) is string what)
                    failures.Add($"{Path.GetFileName(file)} {one["name"]}: {what}");
            }
        }

        FixtureCount.Print("chat-templates", $"{ran} cases of {files} templates");
        Assert.True(failures.Count == 0, $"{failures.Count} of {ran} differ:\n{string.Join("\n", failures.Take(10))}");
        Assert.Equal(658, ran);
        Assert.Equal(lines, ran);
        Assert.Equal(Directory.GetFiles(folder, "*.jinja").Length, files);
    }

    private static string? Mismatch(ChatTemplate template, JsonObject one, DateTime now)
    {
        ChatTemplateInput input = new()
        {
            Messages = one["messages"],
            Tools = one["tools"],
            Documents = one["documents"],
            AddGenerationPrompt = (bool)one["add_generation_prompt"]!,
            BosToken = (string?)one["bos_token"],
            EosToken = (string?)one["eos_token"],
            Variables = one["kwargs"]?.AsObject(),
            Now = now,
        };
        JsonObject? error = one["expected_error"]?.AsObject();
        string? text;
        try
        {
            text = template.Render(input);
        }
        catch (ChatTemplateException e) when (error is not null)
        {
            bool isRaised = (string)error["kind"]! == "raise_exception";
            string expected = isRaised ? $"Raised '{error["message"]}'" : "Runtime";
            string found = e.Kind == ChatTemplateErrorKind.Raised ? $"Raised '{e.Message}'" : e.Kind.ToString();
            return expected == found ? null : $"expected {expected}, found {found}: {e.Message}";
        }
        catch (ChatTemplateException e)
        {
            return e.Message;
        }

        if (error is not null)
            return $"expected {error["kind"]} '{error["message"]}', found a text";
        return text == (string)one["expected"]! ? null : Difference((string)one["expected"]!, text);
    }

    private static string Difference(string expected, string found)
    {
        int at = expected.AsSpan().CommonPrefixLength(found);
        return $"at {at}: expected …{Around(expected, at)}, found …{Around(found, at)}";
    }

    private static string Around(string text, int at) =>
        text.Substring(Math.Max(0, at - 20), Math.Min(60, text.Length - Math.Max(0, at - 20))).Replace("\n", "\\n", StringComparison.Ordinal);
}
