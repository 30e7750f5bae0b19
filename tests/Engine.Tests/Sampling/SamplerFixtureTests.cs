using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Tessera.Engine.Sampling;

namespace Tessera.Engine.Tests.Sampling;

public sealed class SamplerFixtureTests
{
    private const double ProbabilityTolerance = 2e-5;
    private const double LogitTolerance = 1e-5;
    private static readonly HashSet<string> Known = ["logit_bias", "penalties", "top_k", "typical", "top_p", "min_p", "temp"];

    [Fact]
    public void Candidates_are_those_of_the_reference()
    {
        string[] lines = File.ReadAllLines(Shared.Require("fixtures", "samplers", "llama-cpp.jsonl"));
        LogitSets sets = new();
        int run = 0, others = 0;
        List<string> wrong = [];
        foreach (string line in lines)
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement test = document.RootElement;
            if (!test.GetProperty("chain").EnumerateArray().All(s => Known.Contains(s.GetProperty("sampler").GetString()!)))
            {
                others++;
                continue;
            }
            run++;
            float[] logits = sets[test.GetProperty("logits").GetString()!];
            Candidates candidates = new(logits.Length);
            candidates.Load(logits);
            foreach (JsonElement sampler in test.GetProperty("chain").EnumerateArray())
                Apply(sampler, candidates, [.. test.GetProperty("accept").EnumerateArray().Select(t => t.GetInt32())]);
            if (Difference(test, candidates) is string difference)
                wrong.Add($"{test.GetProperty("id").GetString()}: {difference}");
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {run} differ: {string.Join("; ", wrong.Take(8))}");
        Assert.Equal(1051, run);
        Assert.Equal(lines.Length, run + others);
    }

    [Fact]
    public void Penalties_and_biases_are_those_of_the_reference()
    {
        string[] lines = File.ReadAllLines(Shared.Require("fixtures", "samplers", "openai.jsonl"));
        LogitSets sets = new();
        int run = 0;
        List<string> wrong = [];
        foreach (string line in lines)
        {
            run++;
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement test = document.RootElement;
            float[] logits = sets[test.GetProperty("logits").GetString()!];
            Candidates candidates = new(logits.Length);
            candidates.Load(logits);
            int[] prompt = [.. test.GetProperty("prompt").EnumerateArray().Select(t => t.GetInt32())];
            int[] generated = [.. test.GetProperty("generated").EnumerateArray().Select(t => t.GetInt32())];
            LogitBias.Apply(candidates, [.. test.GetProperty("logit_bias").EnumerateObject().Select(p => KeyValuePair.Create(int.Parse(p.Name), p.Value.GetSingle()))]);
            Penalties.Repetition(candidates, Count([.. prompt, .. generated]), test.GetProperty("repetition_penalty").GetSingle());
            Penalties.Occurrence(candidates, Count(generated), test.GetProperty("frequency_penalty").GetSingle(), test.GetProperty("presence_penalty").GetSingle());
            float[] expected = [.. logits];
            if (test.TryGetProperty("logits_out", out JsonElement all))
                expected = [.. all.EnumerateArray().Select(v => (float)LogitSets.Number(v))];
            else
                foreach (JsonElement pair in test.GetProperty("changed").EnumerateArray())
                    expected[pair[0].GetInt32()] = (float)LogitSets.Number(pair[1]);
            for (int i = 0; i < expected.Length; i++)
                if (!Near(expected[i], candidates.Items[i].Logit))
                {
                    wrong.Add($"{test.GetProperty("id").GetString()}: token {i} has {candidates.Items[i].Logit}, expected {expected[i]}");
                    break;
                }
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {run} differ: {string.Join("; ", wrong.Take(8))}");
        Assert.Equal(60, run);
        Assert.Equal(lines.Length, run);
    }

    private static void Apply(JsonElement sampler, Candidates candidates, int[] accepted)
    {
        float Value(string name) => (float)LogitSets.Number(sampler.GetProperty(name));
        int Least() => sampler.GetProperty("min_keep").GetInt32();
        switch (sampler.GetProperty("sampler").GetString())
        {
            case "logit_bias":
                LogitBias.Apply(candidates, [.. sampler.GetProperty("bias").EnumerateArray().Select(p => KeyValuePair.Create(p[0].GetInt32(), (float)LogitSets.Number(p[1])))]);
                break;
            case "penalties":
                int window = Math.Clamp(sampler.GetProperty("last_n").GetInt32(), 0, accepted.Length);
                TokenCounts counts = Count(accepted[^window..]);
                Penalties.Repetition(candidates, counts, Value("repeat"));
                Penalties.Occurrence(candidates, counts, Value("freq"), Value("present"));
                break;
            case "top_k":
                TopK.Apply(candidates, sampler.GetProperty("k").GetInt32());
                break;
            case "typical":
                Typical.Apply(candidates, Value("p"), Least());
                break;
            case "top_p":
                TopP.Apply(candidates, Value("p"), Least());
                break;
            case "min_p":
                MinP.Apply(candidates, Value("p"), Least());
                break;
            default:
                Temperature.Apply(candidates, Value("t"));
                break;
        }
    }

    private static string? Difference(JsonElement test, Candidates candidates)
    {
        int expectedCount = test.GetProperty("n_out").GetInt32();
        int near = test.TryGetProperty("near_cut", out JsonElement cut) ? cut.GetInt32() : 0;
        bool ties = test.TryGetProperty("ties_at_cut", out _);
        if (Math.Abs(candidates.Count - expectedCount) > near)
            return $"{candidates.Count} are left, expected {expectedCount}";
        candidates.Softmax();
        Candidate[] left = [.. candidates.Items.ToArray().OrderByDescending(c => c.Logit).ThenBy(c => c.Id)];
        int finite = left.Count(c => float.IsFinite(c.Logit));
        if (Math.Abs(finite - test.GetProperty("n_finite").GetInt32()) > near)
            return $"{finite} are finite";
        if (near == 0 && !ties && test.TryGetProperty("ids_sha256", out JsonElement hash) && Hash(left) != hash.GetString())
            return "other ids are left";
        if (near == 0 && !ties && test.TryGetProperty("finite_ids_sha256", out hash) && Hash(left.Where(c => float.IsFinite(c.Logit))) != hash.GetString())
            return "other finite ids are left";
        JsonElement ids = test.GetProperty("ids"), logits = test.GetProperty("logits_out"), probabilities = test.GetProperty("probs");
        int compare = near == 0 ? ids.GetArrayLength() : Math.Min(ids.GetArrayLength(), left.Length);
        for (int i = 0; i < compare; i++)
        {
            if (!ties && left[i].Id != ids[i].GetInt32() && left[i].Logit != (float)LogitSets.Number(logits[i]))
                return $"place {i} is token {left[i].Id}, expected {ids[i]}";
            if (!Near(LogitSets.Number(logits[i]), left[i].Logit))
                return $"place {i} has logit {left[i].Logit}, expected {logits[i]}";
            if (Math.Abs(LogitSets.Number(probabilities[i]) - left[i].Probability) > ProbabilityTolerance)
                return $"place {i} has probability {left[i].Probability}, expected {probabilities[i]}";
        }
        return null;
    }

    private static bool Near(double expected, double found)
        => expected.Equals(found) || Math.Abs(expected - found) <= LogitTolerance * Math.Max(1, Math.Abs(expected));

    private static string Hash(IEnumerable<Candidate> candidates)
        => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<int>(candidates.Select(c => c.Id).Order().ToArray())));

    private static TokenCounts Count(int[] tokens)
    {
        TokenCounts counts = new(tokens.Length);
        foreach (int token in tokens)
            counts.Add(token, 1);
        return counts;
    }
}
