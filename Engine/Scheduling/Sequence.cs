using Tessera.Engine.Blocks;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;

namespace Tessera.Engine.Scheduling;

/// <summary>Where a sequence is.</summary>
internal enum SequenceState
{
    /// <summary>Has no blocks: new, or preempted.</summary>
    Waiting,
    /// <summary>Its tokens are being computed.</summary>
    Prefilling,
    /// <summary>All but the last token are computed.</summary>
    Decoding,
    /// <summary>It has no blocks and gets none any more.</summary>
    Finished,
}

/// <summary>One continuation of a prompt. The step thread's, but for <see cref="Cancelled"/>.</summary>
internal sealed class Sequence
{
    // Made when it first runs: requests that wait hold no more than their prompts, however much they ask for.
    private readonly ulong _seed;
    private int[]? _tokens;
    private Sampler? _sampler;
    private volatile bool _cancelled;

    public Sequence(long id, GenerationRequest request, GenerationStream stream, int maxTokens, ulong seed, TextStream? stops, long submitted)
    {
        Id = id;
        Request = request;
        Stream = stream;
        MaxTokens = maxTokens;
        Stops = stops;
        Submitted = submitted;
        _seed = seed;
        Length = PromptLength;
    }

    /// <summary>Ascending by arrival.</summary>
    public long Id { get; }

    public GenerationRequest Request { get; }

    public GenerationStream Stream { get; }

    public Sampler Sampler => _sampler ??= new Sampler(Request.Sampling, _seed, Request.Prompt, MaxTokens);

    /// <summary>Looks for stop strings; null when there are none.</summary>
    public TextStream? Stops { get; }

    /// <summary>Prompt and output, <see cref="Length"/> of them known.</summary>
    public int[] Tokens => _tokens ??= MakeTokens();

    public int Length { get; private set; }

    public int PromptLength => Request.Prompt.Length;

    public int Generated => Length - PromptLength;

    public int MaxTokens { get; }

    /// <summary>The length that its rotations follow, for as long as it lives.</summary>
    public required int PlannedTokens { get; init; }

    public SequenceState State { get; set; }

    /// <summary>The block tables while it runs.</summary>
    public BlockTable? Table { get; set; }

    /// <summary>The first tokens whose KV entries are computed and accepted.</summary>
    public int Computed { get; set; }

    /// <summary>The request's other continuations, which fork off when the prompt is computed; empty then.</summary>
    public Sequence[] Followers { get; set; } = [];

    /// <summary>This step's rows; 0: not part of it.</summary>
    public int Rows { get; set; }

    /// <summary>The drafts among <see cref="Rows"/>.</summary>
    public int Drafts { get; set; }

    /// <summary>Where the drafts are.</summary>
    public int DraftIndex { get; set; }

    /// <summary>Its stream has ended; it may still be computed for those that fork off.</summary>
    public bool Ended { get; set; }

    /// <summary>It has been started once.</summary>
    public bool Started { get; set; }

    /// <summary>Time stamps.</summary>
    public long Submitted { get; }

    public long LastToken { get; set; }

    public long LastRead { get; set; }

    public int LastReadCount { get; set; }

    /// <summary>When it was first seen that nothing runs and its blocks do not fit; 0: they do.</summary>
    public long StarvedSince { get; set; }

    /// <summary>The reader wants no more.</summary>
    public bool Cancelled => _cancelled;

    public void Cancel() => _cancelled = true;

    /// <summary>Whether nobody wants what it computes: it and all that would fork off are cancelled.</summary>
    public bool IsUnwanted
    {
        get
        {
            if (!_cancelled)
                return false;
            foreach (Sequence follower in Followers)
                if (!follower._cancelled)
                    return false;
            return true;
        }
    }

    public ReadOnlySpan<int> Known => Tokens.AsSpan(0, Length);

    public void Append(int token)
    {
        Tokens[Length++] = token;
        Sampler.Accept(Known);
    }

    private int[] MakeTokens()
    {
        int[] tokens = new int[PromptLength + MaxTokens];
        Request.Prompt.CopyTo(tokens, 0);
        return tokens;
    }
}
