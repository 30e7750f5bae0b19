using System.Buffers.Binary;
using System.Text;
using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.Hostile;

/// <summary>Files whose hyperparameters lie, taken the whole way: format, graph, backend, one evaluation.</summary>
public sealed class HostileModelTests(SharedStack shared, ITestOutputHelper output)
{
    private static readonly uint[] Values = [0, 1, 2, 3, (1u << 31) - 1, 1u << 31, (1u << 31) + 1, uint.MaxValue];

    [Fact]
    public async Task Every_hyperparameter_set_to_extreme_values_runs_or_is_refused()
    {
        HostStack stack = shared.WithLanes(1);
        string path = Path.Combine(Path.GetTempPath(), $"tessera-{Guid.NewGuid():N}.gguf");
        try
        {
            new SeededModel { Type = "q8_0", Layers = 1 }.Write(path, stack.Plugins);
            byte[] file = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
            (string Key, int At)[] fields = [.. Fields(file)];
            Assert.True(fields.Length >= 6, $"only {string.Join(", ", fields.Select(f => f.Key))} were found");
            int ran = 0, refused = 0;
            foreach ((string key, int at) in fields)
                foreach (uint value in Values)
                {
                    byte[] changed = [.. file];
                    BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(at), value);
                    await File.WriteAllBytesAsync(path, changed, TestContext.Current.CancellationToken);
                    if (HostileRun.Try(stack, path, $"{key} = {value}"))
                        ran++;
                    else
                        refused++;
                }
            output.WriteLine($"{fields.Length} fields: {ran} ran, {refused} refused");
            Assert.True(ran > 0 && refused > ran);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Where the u32 values of the architecture's and the tokenizer's keys stand.</summary>
    private static IEnumerable<(string Key, int At)> Fields(byte[] file)
    {
        const int UInt32 = 4;
        string[] keys =
        [
            "llama.context_length", "llama.embedding_length", "llama.block_count", "llama.feed_forward_length", "llama.attention.head_count", "llama.attention.head_count_kv",
            "llama.attention.key_length", "llama.attention.value_length", "llama.rope.dimension_count", "llama.vocab_size", "tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id",
        ];
        foreach (string key in keys)
        {
            byte[] name = [.. BitConverter.GetBytes((ulong)key.Length), .. Encoding.ASCII.GetBytes(key)];
            int at = file.AsSpan().IndexOf(name);
            if (at >= 0 && BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + name.Length)) == UInt32)
                yield return (key, at + name.Length + sizeof(int));
        }
    }
}
