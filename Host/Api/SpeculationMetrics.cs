using System.Globalization;
using Prometheus;
using Tessera.Engine.Speculation;

namespace Tessera.Host.Api;

/// <summary>What is drafted, what is accepted, and why drafts are as long as they are: every input of the formula and what it chooses.</summary>
internal sealed class SpeculationMetrics
{
    private static readonly string[] ByModel = ["model"];
    private static readonly string[] BySource = ["model", "source"];
    private static readonly string[] ByOutlook = ["model", "source", "agreed"];
    private static readonly double[] Lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32];

    private readonly Gauge _acceptance, _agreed, _sequences, _step, _draft, _asking, _best, _rate, _plain, _chosen, _account, _setAside;

    public SpeculationMetrics(MetricFactory factory)
    {
        Drafted = factory.CreateCounter("tessera_spec_drafted_tokens_total", "Draft tokens verified.", BySource);
        Accepted = factory.CreateCounter("tessera_spec_accepted_tokens_total", "Draft tokens accepted.", BySource);
        AcceptedLength = factory.CreateHistogram("tessera_spec_accepted_length", "Accepted tokens of a draft.", BySource, new HistogramConfiguration { Buckets = Lengths });
        Faults = factory.CreateCounter("tessera_spec_faults_total", "Turns that the decoding strategy lost by failing.", ByModel);
        _acceptance = factory.CreateGauge("tessera_spec_acceptance", "The chance that a draft token is accepted when those before it are, by its place; for sources that do not say how far their drafts agree, it is what lengths are chosen by.", ["model", "source", "position"]);
        _agreed = factory.CreateGauge("tessera_spec_agreed_acceptance", "The chance that a draft token is accepted when so many tokens before it agree with where the draft comes from; for sources that say so, it is what lengths are chosen by.", ["model", "source", "agreed"]);
        _sequences = factory.CreateGauge("tessera_spec_sequences", "Sequences that decoded in the last step.", ByModel);
        _step = factory.CreateGauge("tessera_spec_step_milliseconds", "What a step takes with so many draft rows, for as many sequences as decoded last.", ["model", "draft_rows"]);
        _draft = factory.CreateGauge("tessera_spec_draft_milliseconds", "What a batch of the draft model takes.", ByModel);
        _asking = factory.CreateGauge("tessera_spec_asking_milliseconds", "What a turn of the decoding strategy takes in which its draft model is not asked.", ByModel);
        _best = factory.CreateGauge("tessera_spec_best_rows", $"Draft rows that would be chosen if all of a step's sequences had a longest draft of the source that so many tokens agree with (0: it does not say). {string.Join(' ', SpeculationReport.Formula)}", ByOutlook);
        _rate = factory.CreateGauge("tessera_spec_expected_tokens_per_second", "Expected tokens per second with tessera_spec_best_rows.", ByOutlook);
        _plain = factory.CreateGauge("tessera_spec_plain_tokens_per_second", "Expected tokens per second without drafts.", ByModel);
        _chosen = factory.CreateGauge("tessera_spec_chosen_rows", "Draft rows of the last step.", ByModel);
        _account = factory.CreateGauge("tessera_spec_account_milliseconds", "Time that drafts have saved and not lost again, within bounds; it answers for the risk of each draft, and may owe a little where much is promised.", ByModel);
        _setAside = factory.CreateGauge("tessera_spec_set_aside", "1: the decoding strategy has failed too often and is not asked any more.", ByModel);
    }

    public Counter Drafted { get; }
    public Counter Accepted { get; }
    public Histogram AcceptedLength { get; }
    public Counter Faults { get; }

    /// <summary>Sets what is true now.</summary>
    public void Set(string model, SpeculationReport report)
    {
        foreach (SourceReport source in report.Sources)
        {
            for (int i = 0; i < source.Acceptance.Length; i++)
                _acceptance.WithLabels(model, source.Name, Text(i + 1)).Set(source.Acceptance[i]);
            foreach (DraftOutlook outlook in source.Outlooks)
                Set(model, source.Name, outlook);
        }
        _sequences.WithLabels(model).Set(report.Batch);
        _plain.WithLabels(model).Set(report.PlainTokensPerSecond);
        for (int k = 0; k < report.StepMilliseconds.Length; k++)
            _step.WithLabels(model, Text(k)).Set(report.StepMilliseconds[k]);
        if (!double.IsNaN(report.DraftMilliseconds))
            _draft.WithLabels(model).Set(report.DraftMilliseconds);
        _asking.WithLabels(model).Set(report.AskingMilliseconds);
        _chosen.WithLabels(model).Set(report.Chosen);
        _account.WithLabels(model).Set(report.AccountMilliseconds);
        _setAside.WithLabels(model).Set(report.Problem is null ? 0 : 1);
    }

    /// <summary>Removes what a model said when it drafted.</summary>
    public void Clear(string model)
    {
        foreach (Gauge gauge in (ReadOnlySpan<Gauge>)[_acceptance, _agreed, _sequences, _step, _draft, _asking, _best, _rate, _plain, _chosen, _account, _setAside])
            foreach (string[] labels in gauge.GetAllLabelValues())
                if (labels[0] == model)
                    gauge.RemoveLabelled(labels);
    }

    private void Set(string model, string source, DraftOutlook outlook)
    {
        string agreed = Text(outlook.Agreed);
        if (outlook.Agreed > 0)
            _agreed.WithLabels(model, source, agreed).Set(outlook.Acceptance);
        _best.WithLabels(model, source, agreed).Set(outlook.Rows);
        _rate.WithLabels(model, source, agreed).Set(outlook.Expected);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Counts one model's drafts. A source's series are looked up once.</summary>
internal sealed class DraftCounters(SpeculationMetrics metrics, string model)
{
    private readonly Dictionary<string, (Counter.Child Drafted, Counter.Child Accepted, Histogram.Child Length)> _sources = new(StringComparer.Ordinal);
    private readonly Counter.Child _faults = metrics.Faults.WithLabels(model);

    public void Fault() => _faults.Inc();

    public void Drafted(string source, int proposed, int accepted)
    {
        if (!_sources.TryGetValue(source, out (Counter.Child Drafted, Counter.Child Accepted, Histogram.Child Length) series))
            _sources.Add(source, series = (metrics.Drafted.WithLabels(model, source), metrics.Accepted.WithLabels(model, source), metrics.AcceptedLength.WithLabels(model, source)));
        series.Drafted.Inc(proposed);
        series.Accepted.Inc(accepted);
        series.Length.Observe(accepted);
    }
}
