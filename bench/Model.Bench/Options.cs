using System.Globalization;

namespace Tessera.Model.Bench;

/// <summary>What to measure, from the command line: MODEL and name=value pairs.</summary>
internal sealed record Options
{
    public required string Model { get; init; }

    public int Threads { get; private init; } = Environment.ProcessorCount;

    public int Rounds { get; private init; } = 3;

    public int Prompt { get; private init; } = 512;

    public int Generate { get; private init; } = 64;

    public int[] Depths { get; private init; } = [0];

    public int Streams { get; private init; }

    public int Rows { get; private init; }

    public KvType? Kv { get; private init; }

    /// <summary>What is measured without, beside all fusions; empty: the model itself is measured.</summary>
    public string[] Fusions { get; private init; } = [];

    public static Options? Parse(string[] args)
    {
        if (args.Length == 0)
            return null;
        Options options = new() { Model = Path.GetFullPath(args[0]) };
        foreach (string arg in args.Skip(1))
        {
            string[] pair = arg.Split('=');
            if (pair is ["fusions"] or ["fusions", _])
            {
                options = options with { Fusions = pair.Length == 1 ? FusionBench.Kinds : pair[1].Split(',') };
                continue;
            }
            if (pair is ["kv", var name] && Enum.TryParse(name, ignoreCase: true, out KvType kv))
            {
                options = options with { Kv = kv };
                continue;
            }
            int[]? numbers = pair.Length == 2 ? Numbers(pair[1]) : null;
            if (numbers is null)
                return null;
            switch (pair[0])
            {
                case "depths":
                    options = options with { Depths = numbers };
                    break;
                case "threads" when numbers is [>= 1]:
                    options = options with { Threads = numbers[0] };
                    break;
                case "rounds" when numbers is [>= 1]:
                    options = options with { Rounds = numbers[0] };
                    break;
                case "prompt" when numbers is [>= 0]:
                    options = options with { Prompt = numbers[0] };
                    break;
                case "generate" when numbers is [>= 0]:
                    options = options with { Generate = numbers[0] };
                    break;
                case "rows" when numbers is [>= 2 and <= 64]:
                    options = options with { Rows = numbers[0] };
                    break;
                case "streams" when numbers is [>= 0]:
                    options = options with { Streams = numbers[0] };
                    break;
                default:
                    return null;
            }
        }
        return options;
    }

    private static int[]? Numbers(string text)
    {
        List<int> numbers = [];
        foreach (string part in text.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number > 1 << 20)
                return null;
            numbers.Add(number);
        }
        return [.. numbers];
    }
}
