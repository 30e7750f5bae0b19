using System.Text.Json.Nodes;

namespace Tessera.Engine.ChatTemplates;

/// <summary>The variables that a chat template sees; JSON null is defined, but None, as in the Hugging Face library.</summary>
/// <remarks>JSON numbers keep the form of their text: <c>1</c> is an integer of any size, <c>1.0</c> and <c>1e2</c> are floats.</remarks>
public sealed record ChatTemplateInput
{
    /// <summary>The conversation: variable <c>messages</c>.</summary>
    public required JsonNode? Messages { get; init; }

    /// <summary>The tools on offer: variable <c>tools</c>.</summary>
    public JsonNode? Tools { get; init; }

    /// <summary>The documents to answer from: variable <c>documents</c>.</summary>
    public JsonNode? Documents { get; init; }

    /// <summary>Whether the prompt ends with the opening of the assistant's turn: variable <c>add_generation_prompt</c>.</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>The spelling of the begin token: variable <c>bos_token</c>.</summary>
    public string? BosToken { get; init; }

    /// <summary>The spelling of the end token: variable <c>eos_token</c>.</summary>
    public string? EosToken { get; init; }

    /// <summary>Further variables; they win over the ones above.</summary>
    public JsonObject? Variables { get; init; }

    /// <summary>The local time that <c>strftime_now</c> writes.</summary>
    public DateTime Now { get; init; }
}
