namespace Tessera.Speculation.Bench;

/// <summary>The peer's own speculation beside its plain decoding, in turn, on the prompts that ours had.</summary>
internal static class PeerCases
{
    // Its n-gram drafts as it ships them, and with short n-grams and drafts.
    private static readonly (string Name, string[] Options)[] Variants =
    [
        ("ngram-simple", ["--spec-type", "ngram-simple"]),
        ("ngram-simple 3/8", ["--spec-type", "ngram-simple", "--spec-ngram-simple-size-n", "3", "--spec-ngram-simple-size-m", "8"]),
    ];

    public static async Task RunAsync(string folder, string model, int threads, int context, int rounds, (string Name, int[] Prompt)[] cases, int tokens)
    {
        await using PeerServer plain = await PeerServer.StartAsync(folder, model, threads, context, []);
        foreach ((string variant, string[] options) in Variants)
        {
            await using PeerServer drafting = await PeerServer.StartAsync(folder, model, threads, context, options);
            foreach ((string name, int[] prompt) in cases)
            {
                List<double> without = [], with = [];
                int drafted = 0, accepted = 0;
                for (int round = 0; round <= rounds; round++)
                {
                    (double slow, _, _) = await plain.RunAsync(prompt, tokens);
                    (double fast, drafted, accepted) = await drafting.RunAsync(prompt, tokens);
                    if (round == 0)
                        continue;
                    without.Add(slow);
                    with.Add(fast);
                }
                Table.Row($"peer, {variant}: {name}", tokens, without, with, null, $"{accepted} of {drafted}");
            }
        }
    }
}
