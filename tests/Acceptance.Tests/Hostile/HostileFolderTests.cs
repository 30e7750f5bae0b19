using System.Text.Json.Nodes;
using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.Hostile;

/// <summary>Folders whose configuration lies.</summary>
public sealed class HostileFolderTests(SharedStack shared, ITestOutputHelper output)
{
    private static readonly double[] Values = [-1, 0, 1, 2, 3, 0.5, int.MaxValue, 1u << 31, 1e18, 1e300];

    [Theory]
    [InlineData("llama3"), InlineData("gemma2"), InlineData("qwen2_yarn"), InlineData("qwen3_moe"), InlineData("gpt_oss")]
    public async Task Every_number_of_a_configuration_set_to_extreme_values_runs_or_is_refused(string name)
    {
        string golden = Shared.Require("fixtures", "hf-models", name), folder = Directory.CreateTempSubdirectory("tessera-hostile-").FullName;
        HostStack stack = shared.WithLanes(1);
        try
        {
            foreach (string file in Directory.GetFiles(golden))
                if (Path.GetFileName(file) != "config.json")
                    File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(file)), file);
            string config = await File.ReadAllTextAsync(Path.Combine(golden, "config.json"), TestContext.Current.CancellationToken);
            Write(folder, config);
            // Once for what is made only once.
            stack.Build(folder, ActivationPrecision.Fast).Dispose();
            Assert.True(HostileRun.Try(stack, folder, name));
            int fields = 0, ran = 0, refused = 0;
            foreach (string path in Numbers(JsonNode.Parse(config)!))
            {
                fields++;
                foreach (double value in Values)
                {
                    JsonNode changed = JsonNode.Parse(config)!;
                    Set(changed, path.Split('/'), value);
                    Write(folder, changed.ToJsonString());
                    if (HostileRun.Try(stack, folder, $"{path} = {value}"))
                        ran++;
                    else
                        refused++;
                }
            }
            output.WriteLine($"{name}: {fields} fields: {ran} ran, {refused} refused");
            Assert.True(fields >= 10 && ran > 0 && refused > fields, $"{fields} fields: {ran} ran, {refused} refused");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Write(string folder, string config) => File.WriteAllText(Path.Combine(folder, "config.json"), config);

    /// <summary>Where numbers stand, as keys with slashes between them.</summary>
    private static IEnumerable<string> Numbers(JsonNode node) => node.AsObject().SelectMany(p => p.Value switch
    {
        JsonObject inner => Numbers(inner).Select(i => $"{p.Key}/{i}"),
        JsonValue value when value.GetValueKind() == System.Text.Json.JsonValueKind.Number => [p.Key],
        _ => [],
    });

    // As a whole number where it is one.
    private static void Set(JsonNode node, string[] keys, double value)
    {
        foreach (string key in keys[..^1])
            node = node[key]!;
        node[keys[^1]] = value == Math.Floor(value) && Math.Abs(value) < 1e15 ? JsonValue.Create((long)value) : JsonValue.Create(value);
    }
}
