using System.Text;
using Tessera.Engine.Generation;

namespace Tessera.Host.Api.OpenAi;

/// <summary>Reads one continuation: each call takes the tokens that are there and the text that they make certain.</summary>
internal sealed class ChoiceReader(GenerationStream stream, GenerationRequest request, ApiModel model, int index)
{
    private readonly TextStream _text = new(model.Tokenizer.CreateDecoder(skipControl: true), request.Stop, request.Prompt);
    private readonly StringBuilder _builder = new();

    /// <summary>The choice's number in the response.</summary>
    public int Index => index;

    /// <summary>The prompt and settings.</summary>
    public GenerationRequest Request => request;

    /// <summary>The prompt's tokens that were cached.</summary>
    public int CachedTokens => stream.CachedTokens;

    /// <summary>Tokens read so far, an end token included.</summary>
    public int CompletionTokens { get; private set; }

    /// <summary>The tokens of the last call.</summary>
    public List<TokenReport> Tokens { get; } = [];

    /// <summary>The text that the last call made certain.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Why the continuation ended, in OpenAI's words; null while it runs.</summary>
    public string? FinishReason { get; private set; }

    /// <summary>Waits for tokens or the end. After the end <see cref="FinishReason"/> is set; do not call again then.</summary>
    /// <exception cref="ApiException">The generation failed.</exception>
    public async ValueTask ReadAsync(CancellationToken cancellation)
    {
        Tokens.Clear();
        _builder.Clear();
        bool more = await stream.WaitAsync(cancellation).ConfigureAwait(false);
        while (stream.TryRead(out GeneratedToken token, out ReadOnlySpan<TokenProbability> top))
        {
            CompletionTokens++;
            int before = _builder.Length;
            bool end = !request.IgnoreEndTokens && model.Tokenizer.EndTokens.Contains(token.Token);
            if (!end)
                _text.Append(token.Token, _builder);
            Tokens.Add(new TokenReport(token.Token, token.LogProbability, top.ToArray(), before));
        }
        FinishReason ended = stream.FinishReason;
        if (!more || ended != Engine.Generation.FinishReason.None)
            End(ended);
        Text = _builder.ToString();
    }

    private void End(FinishReason reason)
    {
        _text.Finish(_builder);
        FinishReason = reason switch
        {
            Engine.Generation.FinishReason.EndToken or Engine.Generation.FinishReason.StopString => "stop",
            Engine.Generation.FinishReason.Length => "length",
            Engine.Generation.FinishReason.Cancelled => throw new ApiException(503, "the generation was cancelled: the client reads too slowly or the server is stopping", code: "cancelled"),
            _ => throw new ApiException(500, stream.Error ?? "the generation failed", code: "generation_failed"),
        };
    }

    /// <summary>Ends the generation.</summary>
    public void Cancel() => stream.Cancel();
}

/// <summary>A generated token as responses report it.</summary>
/// <param name="Id">The id.</param>
/// <param name="LogProbability">Natural logarithm.</param>
/// <param name="Top">Alternatives, best first.</param>
/// <param name="TextOffset">Characters of the call's text before it.</param>
internal readonly record struct TokenReport(int Id, float LogProbability, TokenProbability[] Top, int TextOffset);
