using Tessera.Engine.Generation;

namespace Tessera.Host.Api.OpenAi;

/// <summary>Runs a job on an engine and answers: as one body, or as events while the tokens come. Whatever ends the answer ends the generations too.</summary>
internal static class CompletionRunner
{
    /// <param name="http">The request.</param>
    /// <param name="use">Generates; each continuation takes a hold of its own.</param>
    /// <param name="job">What is asked for.</param>
    /// <param name="shape">The answer's JSON.</param>
    /// <param name="patience">How long an event may wait for the client to take it.</param>
    /// <param name="log">Told what nobody foresaw.</param>
    public static async Task RunAsync(HttpContext http, ModelUse use, CompletionJob job, IAnswerShape shape, TimeSpan patience, ILogger log)
    {
        List<ChoiceReader> choices = [];
        try
        {
            foreach ((GenerationRequest request, IReadOnlyList<GenerationStream> streams) in job.Requests.Zip(EngineDoor.Submit(use.Engine, job.Requests)))
                foreach (GenerationStream stream in streams)
                    choices.Add(new ChoiceReader(stream, request, use.Share(), choices.Count));
            // From here on the readers hold the composition, and let an old one go when they go over to another.
            use.Dispose();
            await (job.Stream ? StreamAsync(http, choices, job, shape, patience, log) : AnswerAsync(http, choices, job, shape)).ConfigureAwait(false);
        }
        finally
        {
            foreach (ChoiceReader choice in choices)
                choice.Dispose();
        }
    }

    private static async Task AnswerAsync(HttpContext http, List<ChoiceReader> choices, CompletionJob job, IAnswerShape shape)
    {
        List<ChoiceResult> results = [.. choices.Select(c => new ChoiceResult(c))];
        // The first that fails ends the answer, and so the others.
        await foreach (Task collected in Task.WhenEach(results.Select(r => r.CollectAsync(http.RequestAborted))).ConfigureAwait(false))
            await collected.ConfigureAwait(false);
        await shape.WriteAsync(http, job, results, Count(choices)).ConfigureAwait(false);
    }

    private static async Task StreamAsync(HttpContext http, List<ChoiceReader> choices, CompletionJob job, IAnswerShape shape, TimeSpan patience, ILogger log)
    {
        using EventStream events = new(http, patience);
        using CancellationTokenSource failed = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        try
        {
            await Task.WhenAll(choices.Select(c => SendAsync(events, c, job, shape, failed))).ConfigureAwait(false);
            if (job.IncludeUsage)
                await shape.WriteUsageAsync(events, job, Count(choices)).ConfigureAwait(false);
        }
        catch (Exception e) when (!http.RequestAborted.IsCancellationRequested)
        {
            // The status has gone out; clients of this API look for an error among the events.
            ApiException error = e as ApiException ?? ErrorHandling.Unforeseen(e, http, log);
            await events.WriteAsync(error.Body, ApiJson.Readable.ErrorBody).ConfigureAwait(false);
        }
        await events.DoneAsync().ConfigureAwait(false);
    }

    private static async Task SendAsync(EventStream events, ChoiceReader choice, CompletionJob job, IAnswerShape shape, CancellationTokenSource failed)
    {
        try
        {
            await shape.WriteOpeningAsync(events, job, choice).ConfigureAwait(false);
            int written = 0;
            bool report = job.LogProbabilities || job.ReturnTokenIds;
            EventTemplate plain = shape.TextDelta(job, choice.Index);
            while (choice.FinishReason is null)
            {
                await choice.ReadAsync(failed.Token).ConfigureAwait(false);
                if (choice.Text.Length > 0 && choice.FinishReason is null && !report)
                    await events.WriteAsync(plain, choice.Text).ConfigureAwait(false);
                else if (choice.Text.Length > 0 || choice.FinishReason is not null || (report && choice.Tokens.Count > 0))
                    await shape.WriteDeltaAsync(events, job, choice, written).ConfigureAwait(false);
                written += choice.Text.Length;
            }
        }
        catch (OperationCanceledException) when (failed.IsCancellationRequested)
        {
            // The client has gone, or another choice has failed and speaks for all.
        }
        catch
        {
            // One choice failed: the others end with it.
            await failed.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static Usage Count(List<ChoiceReader> choices)
    {
        List<ChoiceReader> prompts = [.. choices.DistinctBy(c => c.Request)];
        int prompt = prompts.Sum(c => c.Request.Prompt.Length);
        int completion = choices.Sum(c => c.CompletionTokens);
        int tried = choices.Sum(c => c.Predicted.Tried), accepted = choices.Sum(c => c.Predicted.Accepted), migrations = choices.Sum(c => c.Migrations);
        return new Usage(prompt, completion, prompt + completion, new PromptTokensDetails(prompts.Sum(c => c.CachedTokens)), new CompletionTokensDetails(accepted, tried - accepted)) { Migrations = migrations == 0 ? null : migrations };
    }
}
