using System.Text;

namespace Tessera.Host.Api.OpenAi;

/// <summary>One continuation, collected whole.</summary>
internal sealed class ChoiceResult(ChoiceReader reader)
{
    private readonly StringBuilder _text = new();

    /// <summary>The choice.</summary>
    public ChoiceReader Reader => reader;

    /// <summary>All tokens; offsets count from the text's beginning.</summary>
    public List<TokenReport> Tokens { get; } = [];

    /// <summary>The whole text.</summary>
    public string Text => _text.ToString();

    /// <summary>Reads to the end.</summary>
    public async Task CollectAsync(CancellationToken cancellation)
    {
        while (reader.FinishReason is null)
        {
            await reader.ReadAsync(cancellation).ConfigureAwait(false);
            foreach (TokenReport token in reader.Tokens)
                Tokens.Add(token with { TextOffset = token.TextOffset + _text.Length });
            _text.Append(reader.Text);
        }
    }
}
