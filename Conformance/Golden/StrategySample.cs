using System.Text.Json.Serialization;
using Tessera.Conformance.Checks;

namespace Tessera.Conformance.Golden;

/// <summary>Sequences, and the drafts that a strategy must propose for them.</summary>
public sealed record StrategySample : GoldenSample
{
    /// <summary>The sequences, each drafted for by itself and from anew.</summary>
    [JsonRequired] public IReadOnlyList<ExpectedDraft> Drafts { get; init; } = [];

    private protected override string Part => "decoding strategy";

    /// <inheritdoc/>
    public override string? Problem(PluginParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        long id = 0;
        foreach (ExpectedDraft draft in Drafts)
        {
            if (parts.CreateStrategy() is not { } strategy)
                return "the plugin provides no decoding strategy";
            DraftLog log = new();
            strategy.Propose([new DraftSequence(++id, draft.Tokens.ToArray(), draft.Room)], log);
            strategy.Ended(id);
            int[] found = log.Of(0);
            if (!found.SequenceEqual(draft.Draft))
                return $"[{string.Join(", ", draft.Tokens)}] with room for {draft.Room} is continued by [{string.Join(", ", found)}], expected [{string.Join(", ", draft.Draft)}]";
        }
        return null;
    }
}

/// <summary>One sequence of a <see cref="StrategySample"/>.</summary>
public sealed record ExpectedDraft
{
    /// <summary>Prompt and output so far.</summary>
    [JsonRequired] public IReadOnlyList<int> Tokens { get; init; } = [];

    /// <summary>The most draft tokens.</summary>
    [JsonRequired] public int Room { get; init; }

    /// <summary>The draft.</summary>
    [JsonRequired] public IReadOnlyList<int> Draft { get; init; } = [];
}
