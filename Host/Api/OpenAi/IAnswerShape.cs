namespace Tessera.Host.Api.OpenAi;

/// <summary>The JSON of one kind of completion.</summary>
internal interface IAnswerShape
{
    /// <summary>The whole answer as one body.</summary>
    Task WriteAsync(HttpContext http, CompletionJob job, IReadOnlyList<ChoiceResult> choices, Usage usage);

    /// <summary>What comes before a choice's first token.</summary>
    Task WriteOpeningAsync(EventStream events, CompletionJob job, ChoiceReader choice);

    /// <summary>What the reader's last call brought.</summary>
    /// <param name="events">The stream.</param>
    /// <param name="job">The job.</param>
    /// <param name="choice">The choice.</param>
    /// <param name="textBefore">Characters of the choice's text that were sent before.</param>
    Task WriteDeltaAsync(EventStream events, CompletionJob job, ChoiceReader choice, int textBefore);

    /// <summary>What a part of a choice's text is sent with that brings nothing but the text.</summary>
    /// <param name="job">The job.</param>
    /// <param name="index">The choice's number.</param>
    EventTemplate TextDelta(CompletionJob job, int index);

    /// <summary>The usage at the end.</summary>
    Task WriteUsageAsync(EventStream events, CompletionJob job, Usage usage);
}
