using System.Text;
using System.Text.Json;
using Tessera.Engine.Grammars;
using Tessera.Engine.Grammars.Automaton;

namespace Tessera.Engine.Tests.Grammars;

/// <summary>The built-in grammar of a JSON object.</summary>
public sealed class JsonGrammarTests
{
    [Theory]
    [InlineData("{}"), InlineData("{ }"), InlineData("{\"a\":1}"), InlineData("{\"a\": [1, -2.5e3, \"x\\n\\u00e9\", {}, [], [[]]], \"b\": {\"c\": null}}"), InlineData("{\n  \"a\": true,\n  \"b\": false\n}"), InlineData("{\r\n\t\"é漢😀\": \"\\\\ \\/ \\\" \\b\"\r\n}")]
    [InlineData("{\"\": 0.0E+00}"), InlineData("{\"a\": \"\\uD83D\\ude00\\uFFFF\\uE000\\ud7ff\"}"), InlineData("{\"a\" : -0 , \"a\" : 10 }"), InlineData("{\"\u007f\u2028\": 1}")]
    public void Objects_are_taken(string json)
    {
        JsonDocument.Parse(json).Dispose();
        Assert.True(Grammar.Json.Has(json));
    }

    [Theory]
    [InlineData(""), InlineData("1"), InlineData("[]"), InlineData(" {}"), InlineData("{} "), InlineData("{"), InlineData("{\"a\"}"), InlineData("{\"a\":}"), InlineData("{\"a\":1,}"), InlineData("{,}"), InlineData("{a:1}"), InlineData("{'a':1}"), InlineData("{\"a\":01}"), InlineData("{\"a\":+1}"), InlineData("{\"a\":1.}"), InlineData("{\"a\":.5}"), InlineData("{\"a\":1e}")]
    [InlineData("{\"a\":tru}"), InlineData("{\"a\":NaN}"), InlineData("{\"a\":\"\\x41\"}"), InlineData("{\"a\":\"\\u12\"}"), InlineData("{\"a\":\"\n\"}"), InlineData("{\"a\":\"\\ud800\"}"), InlineData("{\"a\":\"\\ud800\\u0041\"}"), InlineData("{\"a\":\"\\udc00\"}"), InlineData("{\"a\":[1,]}"), InlineData("{\"a\":[1 2]}"), InlineData("{}{}"), InlineData("{\"a\":1  }"), InlineData("{\n\n}")]
    public void Others_are_not(string text) => Assert.False(Grammar.Json.Has(text));

    /// <summary>Random walks along what is allowed, that end where they can, are documents.</summary>
    [Fact]
    public void What_comes_out_is_JSON()
    {
        GrammarMachine machine = new(Grammar.Json.Automaton);
        Random random = new(11);
        int ended = 0;
        for (int walk = 0; walk < 3000; walk++)
        {
            List<byte> text = [];
            GrammarState state = machine.Start;
            while (!state.MayEnd && text.Count < 4000)
            {
                // Closing is likely, that it ends.
                byte next = random.Next(3) > 0 ? "\"}]:,1"u8[random.Next(6)] : (byte)random.Next(256);
                GrammarState after = machine.After(state, next);
                if (after.IsDead)
                    continue;
                state = after;
                text.Add(next);
            }
            if (!state.MayEnd)
                continue;
            ended++;
            using JsonDocument document = JsonDocument.Parse(text.ToArray(), new JsonDocumentOptions { MaxDepth = 4000 });
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
            Strings(document.RootElement);
        }
        Assert.True(ended > 2000, $"{ended}");
    }

    /// <summary>Reading a string finds escapes that stand for nothing.</summary>
    private static void Strings(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
            Encoding.UTF8.GetBytes(value.GetString()!);
        if (value.ValueKind == JsonValueKind.Array)
            foreach (JsonElement item in value.EnumerateArray())
                Strings(item);
        if (value.ValueKind == JsonValueKind.Object)
            foreach (JsonProperty property in value.EnumerateObject())
            {
                Encoding.UTF8.GetBytes(property.Name);
                Strings(property.Value);
            }
    }
}
