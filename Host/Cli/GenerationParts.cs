using System.CommandLine;
using Tessera.Engine.Generation;
using Tessera.Engine.Grammars;
using Tessera.Engine.Sampling;

namespace Tessera.Host.Cli;

/// <summary>The options of commands that generate.</summary>
internal sealed class GenerationParts
{
    private readonly Option<int?> _maxTokens = TypedOption.Number<int>(["--max-tokens", "-n"], "The most tokens to generate (default: what the context has room for).");
    private readonly Option<float?> _temperature = TypedOption.Number<float>(["--temperature", "-t"], "0: greedy (default: the model's, else 1).");
    private readonly Option<int?> _topK = TypedOption.Number<int>(["--top-k"], "Keeps so many best tokens.");
    private readonly Option<float?> _topP = TypedOption.Number<float>(["--top-p"], "Keeps this probability mass.");
    private readonly Option<float?> _minP = TypedOption.Number<float>(["--min-p"], "Keeps tokens with this part of the best one's probability.");
    private readonly Option<ulong?> _seed = TypedOption.Number<ulong>(["--seed"], "Makes the draws repeatable.", 0);
    private readonly Option<string?> _grammar = new("--grammar") { Description = "A file with a grammar (GBNF) that the output follows.", HelpName = "FILE" };
    private readonly Option<bool> _ignoreEnd = new("--ignore-eos") { Description = "Goes on past end tokens." };

    /// <summary>The system message.</summary>
    public Option<string?> System { get; } = new("--system") { Description = "A system message." };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[System, _maxTokens, _temperature, _topK, _topP, _minP, _seed, _grammar, _ignoreEnd])
            command.Add(option);
    }

    /// <summary>The request that the options ask for.</summary>
    public GenerationRequest Request(ParseResult result, SamplingOptions defaults, int[] prompt) => new()
    {
        Prompt = prompt,
        MaxTokens = result.GetValue(_maxTokens) ?? int.MaxValue,
        Grammar = result.GetValue(_grammar) is { } file ? ReadGrammar(file) : null,
        IgnoreEndTokens = result.GetValue(_ignoreEnd),
        Sampling = defaults with
        {
            Temperature = result.GetValue(_temperature) ?? defaults.Temperature,
            TopK = result.GetValue(_topK) ?? defaults.TopK,
            TopP = result.GetValue(_topP) ?? defaults.TopP,
            MinP = result.GetValue(_minP) ?? defaults.MinP,
            Seed = result.GetValue(_seed) ?? defaults.Seed,
        },
    };

    private static Grammar ReadGrammar(string file)
    {
        try
        {
            return Grammar.Parse(TextFile.Read(file, "a grammar in GBNF"));
        }
        catch (GrammarException e)
        {
            throw new TesseraException($"{file}: {e.Message}", e);
        }
    }
}
