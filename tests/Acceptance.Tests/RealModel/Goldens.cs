using System.Text.Json;
using System.Text.Json.Nodes;
using Tessera.Engine.Generation;

namespace Tessera.Acceptance.Tests.RealModel;

/// <summary>The real model and what two references say of it (../shared/models/README.md).</summary>
internal sealed class Goldens
{
    public const int Cases = 20, Steps = 64, TextTokens = 2048;
    private const string Name = "smollm2-135m-instruct-q4_1";

    private Goldens(string model, JsonElement root)
    {
        Model = model;
        List = [.. root.GetProperty("cases").EnumerateArray().Select(c => new GoldenCase(c))];
        Text = new GoldenText(root.GetProperty("perplexity"));
        Assert.Equal(Cases, List.Length);
        Assert.Equal(Cases, List.Select(c => c.Name).Distinct().Count());
    }

    /// <summary>The model's file.</summary>
    public string Model { get; }

    public GoldenCase[] List { get; }

    public GoldenText Text { get; }

    /// <summary>Reads them; skips the running test where they are absent.</summary>
    public static Goldens Require()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Shared.Require("models", Name + ".goldens.json")));
        return new(Shared.Require("models", Name + ".gguf"), json.RootElement);
    }
}

/// <summary>One prompt.</summary>
internal sealed class GoldenCase(JsonElement json)
{
    public string Name { get; } = json.GetProperty("name").GetString()!;
    public bool IsChat { get; } = json.GetProperty("kind").GetString() == "chat";
    public JsonNode? Messages { get; } = json.TryGetProperty("messages", out JsonElement messages) ? JsonNode.Parse(messages.GetRawText()) : null;
    public string Prompt { get; } = json.GetProperty("prompt").GetString()!;
    public bool ParseSpecial { get; } = json.GetProperty("parse_special").GetBoolean();
    public int[] Ids { get; } = GoldenText.Integers(json.GetProperty("ids"));
    public GoldenAnswer Float32 { get; } = new(json.GetProperty("float32"));
    public GoldenAnswer Stored { get; } = new(json.GetProperty("stored"));
}

/// <summary>What one reference says of one prompt.</summary>
internal sealed class GoldenAnswer(JsonElement json)
{
    public TokenProbability[] Top { get; } = [.. json.GetProperty("top20").EnumerateArray().Select(e => new TokenProbability(e[0].GetInt32(), e[1].GetSingle()))];
    public int[] Greedy { get; } = GoldenText.Integers(json.GetProperty("greedy").GetProperty("ids"));
    public double[] LogProbabilities { get; } = GoldenText.Numbers(json.GetProperty("greedy").GetProperty("logprobs"));
    public double[] Gaps { get; } = GoldenText.Numbers(json.GetProperty("greedy").GetProperty("gaps"));
}

/// <summary>The perplexity text.</summary>
internal sealed class GoldenText(JsonElement json)
{
    public string Text { get; } = json.GetProperty("text").GetString()!;
    public int[] Ids { get; } = Integers(json.GetProperty("ids"));
    public double[] Float32 { get; } = Numbers(json.GetProperty("float32").GetProperty("logprobs"));
    public double[] Stored { get; } = Numbers(json.GetProperty("stored").GetProperty("logprobs"));
    public double Float32Mean { get; } = json.GetProperty("float32").GetProperty("mean_nll").GetDouble();
    public double StoredMean { get; } = json.GetProperty("stored").GetProperty("mean_nll").GetDouble();

    public static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    public static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetDouble())];
}
