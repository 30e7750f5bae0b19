using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Tessera.Engine.Generation;
using Tessera.Host.Plugins;

namespace Tessera.Host.Api.OpenAi;

/// <summary>Reads one continuation: each call takes the tokens that are there and the text that they make certain.</summary>
/// <remarks>Owns its hold on the composition. When the generation goes on with another one, so does the reader: a new decoder is brought to where the old one was.</remarks>
internal sealed class ChoiceReader(GenerationStream stream, GenerationRequest request, ModelUse use, int index) : IDisposable
{
    private readonly List<int> _ids = [];
    private readonly StringBuilder _builder = new();
    private TextStream? _text;
    private Task? _watched;
    private bool _disposed;

    /// <summary>The choice's number in the response.</summary>
    public int Index => index;

    /// <summary>The prompt and settings.</summary>
    public GenerationRequest Request => request;

    /// <summary>The prompt's tokens that were cached.</summary>
    public int CachedTokens => stream.CachedTokens;

    /// <summary>Tokens of the prediction that were tried, and those of them that were accepted; whole at the end.</summary>
    public (int Tried, int Accepted) Predicted => (stream.PredictedTokens, stream.AcceptedPredictedTokens);

    /// <summary>Spells the tokens of the last call.</summary>
    public ITokenizer Tokenizer => use.Model.Tokenizer;

    /// <summary>How often the generation went on with another composition.</summary>
    public int Migrations => stream.Migrations;

    /// <summary>Tokens read so far, an end token included.</summary>
    public int CompletionTokens { get; private set; }

    /// <summary>The tokens of the last call.</summary>
    public List<TokenReport> Tokens { get; } = [];

    /// <summary>The text that the last call made certain.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Why the continuation ended, in OpenAI's words; null while it runs.</summary>
    public string? FinishReason { get; private set; }

    /// <summary>Waits for tokens, the end or a change of the composition. After the end <see cref="FinishReason"/> is set; do not call again then.</summary>
    /// <exception cref="ApiException">The generation failed.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadAsync(CancellationToken cancellation)
    {
        Tokens.Clear();
        _builder.Clear();
        Watch();
        bool more = await stream.WaitAsync(cancellation).ConfigureAwait(false);
        while (stream.TryRead(out GeneratedToken token, out ReadOnlySpan<TokenProbability> top))
        {
            CompletionTokens++;
            Tokens.Add(new TokenReport(token.Token, token.LogProbability, top.ToArray(), 0));
        }
        FinishReason ended = stream.FinishReason;
        bool isEnd = !more || ended != Engine.Generation.FinishReason.None;
        await DecodeAsync(isEnd).ConfigureAwait(false);
        if (isEnd)
            End(ended);
        Text = _builder.ToString();
    }

    /// <summary>Sees that the reader wakes when the composition changes: a request that waits for its turn lets the old one go, too. Once for each composition, as tokens come often.</summary>
    private void Watch()
    {
        if (_watched == use.Moved)
            return;
        _watched = use.Moved;
        _watched.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(stream.Nudge);
    }

    private async ValueTask DecodeAsync(bool isEnd)
    {
        while (true)
        {
            if (use.TryFollow())
                _text = null;
            string problem;
            try
            {
                Decode(isEnd);
                foreach (TokenReport token in Tokens)
                    _ids.Add(token.Id);
                return;
            }
            catch (Exception e)
            {
                problem = Failure.Describe(e);
            }
            _builder.Clear();
            _text = null;
            if (!await use.RecoverAsync(problem).ConfigureAwait(false))
                throw new ApiException(500, $"the text of the tokens: a plugin has failed: {problem}", code: "plugin_failed");
        }
    }

    private void Decode(bool isEnd)
    {
        TextStream text = _text ??= Resume();
        foreach (ref TokenReport token in CollectionsMarshal.AsSpan(Tokens))
        {
            token = token with { TextOffset = _builder.Length };
            if (request.IgnoreEndTokens || !Tokenizer.EndTokens.Contains(token.Id))
                text.Append(token.Id, _builder);
        }
        if (isEnd)
            text.Finish(_builder);
    }

    /// <summary>A decoder that has seen what was read before.</summary>
    private TextStream Resume()
    {
        TextStream text = new(Tokenizer.CreateDecoder(skipControl: true), request);
        foreach (int id in _ids)
            text.Append(id, null);
        return text;
    }

    private void End(FinishReason reason)
    {
        FinishReason = reason switch
        {
            Engine.Generation.FinishReason.EndToken or Engine.Generation.FinishReason.StopString => "stop",
            Engine.Generation.FinishReason.Length => "length",
            Engine.Generation.FinishReason.Cancelled => throw new ApiException(503, "the generation was cancelled: the client reads too slowly or the server is stopping", code: "cancelled"),
            _ => throw new ApiException(500, stream.Error ?? "the generation failed", code: "generation_failed"),
        };
    }

    /// <summary>Ends the generation and lets the composition go.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        stream.Cancel();
        use.Dispose();
    }
}

/// <summary>A generated token as responses report it.</summary>
/// <param name="Id">The id.</param>
/// <param name="LogProbability">Natural logarithm.</param>
/// <param name="Top">Alternatives, best first.</param>
/// <param name="TextOffset">Characters of the call's text before it.</param>
internal readonly record struct TokenReport(int Id, float LogProbability, TokenProbability[] Top, int TextOffset);
