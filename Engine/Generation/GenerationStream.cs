namespace Tessera.Engine.Generation;

/// <summary>One generated token.</summary>
/// <param name="Token">The id. An end token is reported too, as the last one, with the reason <see cref="FinishReason.EndToken"/> following it.</param>
/// <param name="LogProbability">Natural logarithm, of the model's own distribution (before the samplers); NaN when not asked for.</param>
public readonly record struct GeneratedToken(int Token, float LogProbability);

/// <summary>A token and its log-probability.</summary>
/// <param name="Token">The id.</param>
/// <param name="LogProbability">Natural logarithm, of the model's own distribution.</param>
public readonly record struct TokenProbability(int Token, float LogProbability);

/// <summary>
/// One continuation as a ring that the step thread writes and one reader reads. The ring has room for every token that the request allows, so the writer never waits for the reader.
/// </summary>
public sealed class GenerationStream
{
    private readonly int _maxTokens;
    private readonly int _topCount;
    // Made with the first token: requests that wait hold none, however many there are.
    private GeneratedToken[] _tokens = [];
    private TokenProbability[] _top = [];
    private readonly Action _cancel;
    private readonly Lock _lock = new();
    private ReaderWait? _wait;
    private bool _nudged;
    private int _written;
    private int _read;
    private FinishReason _reason;

    internal GenerationStream(long id, int choice, int maxTokens, int topCount, Action cancel)
    {
        Id = id;
        Choice = choice;
        _maxTokens = maxTokens;
        _topCount = Math.Max(0, topCount);
        _cancel = cancel;
    }

    /// <summary>The sequence's id; unique while the engine lives.</summary>
    public long Id { get; }

    /// <summary>Which of the request's continuations this is, from 0.</summary>
    public int Choice { get; }

    /// <summary>Prompt tokens that were found in the prefix cache; known when the first token is there.</summary>
    public int CachedTokens { get; internal set; }

    /// <summary>The vector of the prompt, where it was asked for; there once the generation has ended with <see cref="FinishReason.Length"/>.</summary>
    public IReadOnlyList<float>? Vector { get; private set; }

    /// <summary>How many times it was begun with one composition and computed again with another; its tokens stay as they were.</summary>
    public int Migrations { get; internal set; }

    /// <summary>Draft tokens that were verified for it; whole when it has ended.</summary>
    public int DraftedTokens { get; private set; }

    /// <summary>Those of <see cref="DraftedTokens"/> that were accepted.</summary>
    public int AcceptedTokens { get; private set; }

    /// <summary>Those of <see cref="DraftedTokens"/> that came from the request's prediction.</summary>
    public int PredictedTokens { get; private set; }

    /// <summary>Those of <see cref="PredictedTokens"/> that were accepted.</summary>
    public int AcceptedPredictedTokens { get; private set; }

    /// <summary>Why the generation ended; <see cref="FinishReason.None"/> while it runs or tokens are unread.</summary>
    public FinishReason FinishReason
    {
        get
        {
            lock (_lock)
                return _read == _written ? _reason : FinishReason.None;
        }
    }

    /// <summary>The error's text, with <see cref="FinishReason.Error"/>.</summary>
    public string? Error { get; private set; }

    /// <summary>Tokens written and not yet read.</summary>
    public int Unread => Volatile.Read(ref _written) - Volatile.Read(ref _read);

    /// <summary>Tokens read.</summary>
    internal int ReadCount => Volatile.Read(ref _read);

    /// <summary>Takes the next token if one is there.</summary>
    /// <param name="token">The token.</param>
    /// <param name="top">The likeliest alternatives, best first, as many as asked for; valid as long as the stream.</param>
    public bool TryRead(out GeneratedToken token, out ReadOnlySpan<TokenProbability> top)
    {
        int read = _read;
        if (read >= Volatile.Read(ref _written))
        {
            token = default;
            top = default;
            return false;
        }
        token = _tokens[read];
        top = _top.AsSpan(read * _topCount, _topCount);
        Volatile.Write(ref _read, read + 1);
        return true;
    }

    /// <summary>Completes with true when a token can be read or <see cref="Nudge"/> was called, with false when the generation has ended and all is read; true does not promise a token.</summary>
    /// <remarks>The reader goes on on a thread that lets the engine's other readers go on after it, until it waits for something. One that blocks keeps these for some 10 to 200 milliseconds, and a thread until it comes back.</remarks>
    /// <exception cref="OperationCanceledException">The token was cancelled; the generation goes on until <see cref="Cancel"/>.</exception>
    /// <exception cref="InvalidOperationException">It waits already.</exception>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_read < _written || _nudged)
            {
                _nudged = false;
                return new(true);
            }
            if (_reason != FinishReason.None)
                return new(false);
            _wait ??= new ReaderWait(_lock);
            _wait.Open(cancellation);
        }
        return _wait.Start();
    }

    /// <summary>Ends a wait, or the next one, without a token: the reader has something else to look at. From any thread.</summary>
    public void Nudge()
    {
        lock (_lock)
            if (_wait is null || !_wait.TryTake(true))
            {
                _nudged = true;
                return;
            }
        _wait.CompleteLater();
    }

    /// <summary>Ends the generation at the next step; its blocks are freed then. May be called at any time, from any thread.</summary>
    public void Cancel() => _cancel();

    /// <summary>The place for the alternatives of the next token; filled before <see cref="Write"/>.</summary>
    internal Span<TokenProbability> NextTop
    {
        get
        {
            Reserve();
            return _top.AsSpan(_written * _topCount, _topCount);
        }
    }

    internal void CountDrafts(int drafted, int accepted, bool predicted)
    {
        DraftedTokens += drafted;
        AcceptedTokens += accepted;
        PredictedTokens += predicted ? drafted : 0;
        AcceptedPredictedTokens += predicted ? accepted : 0;
    }

    /// <summary>Adds a token.</summary>
    /// <returns>The reader that waits for it, which the caller is to complete; null: none does.</returns>
    internal ReaderWait? Write(GeneratedToken token)
    {
        Reserve();
        lock (_lock)
        {
            _tokens[_written] = token;
            Volatile.Write(ref _written, _written + 1);
            return _wait is not null && _wait.TryTake(true) ? _wait : null;
        }
    }

    internal void SetVector(float[] vector) => Vector = vector;

    internal void Finish(FinishReason reason, string? error = null)
    {
        lock (_lock)
        {
            if (_reason != FinishReason.None)
                return;
            Error = error;
            _reason = reason;
            if (_wait is null || !_wait.TryTake(false))
                return;
        }
        _wait.CompleteLater();
    }

    /// <summary>The reader looks at the arrays only once something is written.</summary>
    private void Reserve()
    {
        if (_tokens.Length > 0)
            return;
        _top = new TokenProbability[(long)_maxTokens * _topCount];
        _tokens = new GeneratedToken[_maxTokens];
    }
}
