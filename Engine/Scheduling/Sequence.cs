using Tessera.Engine.Blocks;
using Tessera.Engine.Generation;
using Tessera.Engine.Grammars;
using Tessera.Engine.Sampling;
using Tessera.Engine.Speculation;

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
    private Intake _home = null!;

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
    public TextStream? Stops { get; set; }

    /// <summary>Where its output is in the request's grammar; null: there is none.</summary>
    public GrammarRun? Grammar { get; set; }

    /// <summary>The engine's door that it came in through last.</summary>
    public required Intake Home { get => Volatile.Read(ref _home); set => Volatile.Write(ref _home, value); }

    /// <summary>It came from another engine, and what it has of that one's composition is to be made anew before it runs.</summary>
    public bool IsForeign { get; set; }

    /// <summary>The steps that failed with it in them.</summary>
    public int Faults { get; set; }

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

    /// <summary>What this step's output rows are asked for: so many best tokens; 0: logits.</summary>
    public int Best { get; set; }

    /// <summary>Where the drafts are.</summary>
    public int DraftIndex { get; set; }

    /// <summary>How often its drafts were accepted; null before the first, and when it has ended.</summary>
    public AcceptanceStats? Acceptance { get; set; }

    /// <summary>Its stream has ended; it may still be computed for those that fork off.</summary>
    public bool Ended { get; set; }

    /// <summary>Whether it counts in the queue until it is started; of texts whose vectors are asked for together, the first one does.</summary>
    public bool IsQueued { get; set; } = true;

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

    /// <summary>Cancels it from any thread, whichever engine it is in by now.</summary>
    public void Withdraw()
    {
        Intake home;
        do
        {
            home = Home;
            home.Cancel(this);
        }
        while (home != Home);
    }

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

    /// <summary>The best tokens that the next tokens are drawn from, of at most so many; 0: more, or all logits, are needed.</summary>
    public int BestNeeded(int most)
    {
        bool isWhole = Request.TopLogProbabilities >= 0 || Grammar is not null || (Generated < Request.MinTokens && !Request.IgnoreEndTokens);
        int needed = most == 0 || isWhole ? 0 : Sampler.BestNeeded;
        return needed <= most ? needed : 0;
    }

    /// <summary>Forgets what it had of an engine; what it has generated stays.</summary>
    public void Leave()
    {
        State = SequenceState.Waiting;
        Table = null;
        Computed = Rows = Drafts = 0;
        StarvedSince = 0;
        Acceptance = null;
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
