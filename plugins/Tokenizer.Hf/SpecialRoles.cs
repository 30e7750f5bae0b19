using System.Text.Json;
using Tessera.Tokenizer.Hf.Files;
using Tessera.Tokenizer.Hf.PostProcessors;
using Tessera.Tokenizer.Hf.Vocabularies;

namespace Tessera.Tokenizer.Hf;

/// <summary>What tokens are for: by the word of tokenizer_config.json, else by their place around a text.</summary>
internal static class SpecialRoles
{
    private static readonly (string Key, SpecialToken Role)[] Keys =
    [
        ("bos_token", SpecialToken.Bos), ("eos_token", SpecialToken.Eos), ("unk_token", SpecialToken.Unknown), ("sep_token", SpecialToken.Separator),
        ("pad_token", SpecialToken.Padding), ("cls_token", SpecialToken.Classification), ("mask_token", SpecialToken.Mask),
    ];

    private const string AddBos = "add_bos_token", AddEos = "add_eos_token";

    // With or without "Fast" behind.
    private static readonly string[] RebuildingClasses = ["CodeLlamaTokenizer", "CohereTokenizer", "GemmaTokenizer", "LlamaTokenizer"];

    /// <summary>Roles and ids.</summary>
    public static Dictionary<SpecialToken, int> Read(JsonPart? config, IReadOnlyDictionary<SpecialToken, int> given, Vocabulary vocabulary, PostProcessor around, int unknown)
    {
        Dictionary<SpecialToken, int> roles = [];
        foreach ((string key, SpecialToken role) in Keys)
        {
            if (config?.Find(key) is not { } token)
                continue;
            // A string, or an object as in added_tokens. A name that the vocabulary lacks is for nothing.
            string spelling = token.Kind == JsonValueKind.Object ? token.Text("content") : token.Text();
            if (vocabulary.Find(spelling) is >= 0 and int id)
                roles[role] = id;
        }
        foreach ((SpecialToken role, int id) in given)
            roles[role] = id;
        if (unknown >= 0)
            roles.TryAdd(SpecialToken.Unknown, unknown);
        if (!roles.ContainsKey(SpecialToken.Classification) && around.First is { } first)
            roles.TryAdd(SpecialToken.Bos, first);
        if (!roles.ContainsKey(SpecialToken.Separator) && around.Last is { } last)
            roles.TryAdd(SpecialToken.Eos, last);
        return roles;
    }

    /// <summary>
    /// What the configuration adds: where its class rebuilds the post-processor from the flags, what they say; else only where tokenizer.json leaves the matter open, because its post-processor adds nothing.
    /// </summary>
    public static PostProcessor Around(JsonPart? config, PostProcessor around, IReadOnlyDictionary<SpecialToken, int> roles)
    {
        if (config is not { } settings)
            return around;
        bool isExplicit = (settings.Find(AddBos) is not null || settings.Find(AddEos) is not null) && Rebuilds(settings);
        if (!isExplicit && !around.AddsNothing)
            return around;
        List<int> parts = [PostProcessor.Text];
        if (settings.Flag(AddBos, isExplicit))
            parts.Insert(0, Require(settings, roles, SpecialToken.Bos, AddBos));
        if (settings.Flag(AddEos, false))
            parts.Add(Require(settings, roles, SpecialToken.Eos, AddEos));
        return new PostProcessor(parts);
    }

    private static bool Rebuilds(JsonPart config)
    {
        string name = config.Find("tokenizer_class")?.Text() ?? "";
        return RebuildingClasses.Any(c => name == c || name == $"{c}Fast");
    }

    private static int Require(JsonPart config, IReadOnlyDictionary<SpecialToken, int> roles, SpecialToken role, string key) =>
        roles.TryGetValue(role, out int id) ? id : throw new ModelFormatException($"{config.Where}: {key} is true, but no token of the vocabulary is named as {role}");
}
