using Prometheus;
using Tessera.Engine.Generation;
using Tessera.Engine.Scheduling;

namespace Tessera.Host.Api;

/// <summary>The metrics of every model, in a registry of their own.</summary>
internal sealed class MetricsHub
{
    private static readonly string[] ByModel = ["model"];
    private static readonly string[] ByReason = ["model", "reason"];
    private static readonly double[] FirstTokenBuckets = [.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60];
    private static readonly double[] NextTokenBuckets = [.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5];

    private readonly MetricFactory _factory;

    public MetricsHub(ILogger<MetricsHub> logger)
    {
        Log = logger;
        Registry = Metrics.NewCustomRegistry();
        _factory = Metrics.WithCustomRegistry(Registry);
        Waiting = _factory.CreateGauge("tessera_requests_waiting", "Sequences waiting for their first step.", ByModel);
        Running = _factory.CreateGauge("tessera_requests_running", "Sequences prefilling or decoding.", ByModel);
        KvUsed = _factory.CreateGauge("tessera_kv_blocks_used", "KV blocks that sequences hold.", ByModel);
        KvCached = _factory.CreateGauge("tessera_kv_blocks_cached", "KV blocks kept for prefix sharing that no sequence holds.", ByModel);
        KvCapacity = _factory.CreateGauge("tessera_kv_blocks_allocated", "KV blocks that memory was taken for.", ByModel);
        Steps = _factory.CreateCounter("tessera_steps_total", "Engine steps.", ByModel);
        StepSeconds = _factory.CreateHistogram("tessera_step_seconds", "Duration of a step.", ByModel, new HistogramConfiguration { Buckets = NextTokenBuckets });
        Computing = _factory.CreateCounter("tessera_computing_seconds_total", "The part of the steps' time in which the model was computed.", ByModel);
        Scheduling = _factory.CreateCounter("tessera_scheduling_seconds_total", "Processor time of the thread that steps, but for computing and drafting.", ByModel);
        PrefillRows = _factory.CreateCounter("tessera_prefill_rows_total", "Prompt rows computed.", ByModel);
        DecodeRows = _factory.CreateCounter("tessera_decode_rows_total", "Decode rows computed.", ByModel);
        Speculation = new SpeculationMetrics(_factory);
        Preemptions = _factory.CreateCounter("tessera_preemptions_total", "Sequences that lost their blocks and were computed again.", ByModel);
        PromptTokens = _factory.CreateCounter("tessera_prompt_tokens_total", "Prompt tokens of finished requests.", ByModel);
        CachedTokens = _factory.CreateCounter("tessera_prompt_tokens_cached_total", "Prompt tokens found in the prefix cache.", ByModel);
        GeneratedTokens = _factory.CreateCounter("tessera_generated_tokens_total", "Tokens generated.", ByModel);
        Finished = _factory.CreateCounter("tessera_requests_finished_total", "Ended generations by reason.", ByReason);
        LifeCycle = new LifeCycleMetrics(_factory);
        FirstToken = _factory.CreateHistogram("tessera_time_to_first_token_seconds", "From submission to the first token.", ByModel, new HistogramConfiguration { Buckets = FirstTokenBuckets });
        NextToken = _factory.CreateHistogram("tessera_inter_token_latency_seconds", "Between two tokens of a sequence.", ByModel, new HistogramConfiguration { Buckets = NextTokenBuckets });
    }

    public ILogger Log { get; }
    public CollectorRegistry Registry { get; }
    public LifeCycleMetrics LifeCycle { get; }
    public Gauge Waiting { get; }
    public Gauge Running { get; }
    public Gauge KvUsed { get; }
    public Gauge KvCached { get; }
    public Gauge KvCapacity { get; }
    public Counter Steps { get; }
    public Histogram StepSeconds { get; }
    public Counter Computing { get; }
    public Counter Scheduling { get; }
    public Counter PrefillRows { get; }
    public Counter DecodeRows { get; }
    public SpeculationMetrics Speculation { get; }
    public Counter Preemptions { get; }
    public Counter PromptTokens { get; }
    public Counter CachedTokens { get; }
    public Counter GeneratedTokens { get; }
    public Counter Finished { get; }
    public Histogram FirstToken { get; }
    public Histogram NextToken { get; }

    /// <summary>An observer for one model; makes its series appear with zeros.</summary>
    public EngineMetrics For(string model) => new(this, model);
}

/// <summary>Counts what one model's engine does. Series are looked up once, so a step costs a few interlocked additions.</summary>
internal sealed class EngineMetrics : IEngineObserver
{
    private readonly Counter.Child _steps, _computing, _scheduling, _prefillRows, _decodeRows, _preemptions, _prompt, _cached, _generated;
    private readonly Histogram.Child _step, _first, _next;
    private readonly Counter.Child[] _finished;
    private readonly DraftCounters _drafts;
    private readonly string _model;
    private readonly ILogger _log;

    internal EngineMetrics(MetricsHub hub, string model)
    {
        _steps = hub.Steps.WithLabels(model);
        _step = hub.StepSeconds.WithLabels(model);
        _computing = hub.Computing.WithLabels(model);
        _scheduling = hub.Scheduling.WithLabels(model);
        _prefillRows = hub.PrefillRows.WithLabels(model);
        _decodeRows = hub.DecodeRows.WithLabels(model);
        _drafts = new DraftCounters(hub.Speculation, model);
        (_model, _log) = (model, hub.Log);
        _preemptions = hub.Preemptions.WithLabels(model);
        _prompt = hub.PromptTokens.WithLabels(model);
        _cached = hub.CachedTokens.WithLabels(model);
        _generated = hub.GeneratedTokens.WithLabels(model);
        _first = hub.FirstToken.WithLabels(model);
        _next = hub.NextToken.WithLabels(model);
        _finished = [.. Enum.GetValues<FinishReason>().Select(r => hub.Finished.WithLabels(model, r.ToString().ToLowerInvariant()))];
    }

    public void Step(in StepRecord record)
    {
        _steps.Inc();
        _step.Observe(record.Elapsed.TotalSeconds);
        _computing.Inc(record.Computing.TotalSeconds);
        _scheduling.Inc(record.Scheduling.TotalSeconds);
        _prefillRows.Inc(record.PrefillRows);
        _decodeRows.Inc(record.DecodeRows);
        _preemptions.Inc(record.Preempted);
        _generated.Inc(record.Emitted);
    }

    public void FirstToken(TimeSpan sinceSubmit) => _first.Observe(sinceSubmit.TotalSeconds);

    public void NextToken(TimeSpan sinceLast) => _next.Observe(sinceLast.TotalSeconds);

    public void Drafted(string source, int proposed, int accepted) => _drafts.Drafted(source, proposed, accepted);

    public void DraftFault(string problem, bool isLast)
    {
        _drafts.Fault();
        if (isLast)
            _log.LogError("model '{Name}': the decoding strategy is set aside, and decoding goes on without drafts: {Problem}", _model, problem);
        else
            _log.LogWarning("model '{Name}': the decoding strategy has lost a turn: {Problem}", _model, problem);
    }

    public void Finished(FinishReason reason, int promptTokens, int cachedTokens, int generatedTokens)
    {
        _finished[(int)reason].Inc();
        _prompt.Inc(promptTokens);
        _cached.Inc(cachedTokens);
    }
}
