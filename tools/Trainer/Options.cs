using System.Globalization;

namespace Tessera.Trainer;

/// <summary>What the command line asks for.</summary>
internal sealed record Options(string Out, string Work, int Steps, int DraftSteps)
{
    /// <summary>From the arguments; what cannot be meant is a <see cref="FormatException"/>, before anything is computed.</summary>
    public static Options Parse(string[] args)
    {
        Dictionary<string, string> given = new() { ["--out"] = "models/demo", ["--work"] = "artifacts/trainer", ["--steps"] = "5200", ["--draft-steps"] = "600" };
        for (int i = 0; i < args.Length; i += 2)
            if (!given.ContainsKey(args[i]))
                throw new FormatException($"unknown option '{args[i]}'; there are {string.Join(", ", given.Keys)}, each with a value, and --check and --corpus N, each alone");
            else if (i + 1 == args.Length || args[i + 1].Length == 0)
                throw new FormatException($"{args[i]} needs a value");
            else
                given[args[i]] = args[i + 1];
        return new Options(given["--out"], given["--work"], Count("--steps", given["--steps"]), Count("--draft-steps", given["--draft-steps"]));
    }

    /// <summary>A number of at least one.</summary>
    public static int Count(string option, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0 ? count : throw new FormatException($"{option}: expected a whole number of at least 1, found '{value}'");
}
