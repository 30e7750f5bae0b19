namespace Tessera.Host.Configuration;

/// <summary>Reads section <c>models</c>.</summary>
internal sealed class ModelsBinder(ConfigurationScope scope, IReadOnlyList<string> plugins, Func<string, string> resolve, bool requireFiles)
{
    /// <summary>The longest context that can be asked for: block tables and rings are sized by it.</summary>
    private const int MostContext = 1 << 24;

    public ModelsConfiguration Bind(ConfigurationSection section)
    {
        List<ModelConfiguration> models = [];
        foreach (ConfigurationSection entry in section.Sections("list"))
            if (Model(entry) is { } model)
            {
                if (models.Any(m => m.Name == model.Name))
                    entry.Error("name", $"'{model.Name}' stands here twice");
                else
                    models.Add(model);
            }
        ConfigurationValue? chosen = section.Value("default");
        if (chosen is not null && models.All(m => m.Name != chosen.Text))
            section.Wrong(chosen, "expected a name of models.list", Suggestion.For(chosen.Shown, models.Select(m => m.Name)));
        section.Finish();
        return new() { Default = chosen?.Text ?? models.FirstOrDefault()?.Name, List = models };
    }

    private ModelConfiguration? Model(ConfigurationSection entry)
    {
        ConfigurationValue? name = Required(entry, "name"), path = Required(entry, "path"), draft = entry.Value("draft"), decoding = entry.Value("decoding");
        int context = entry.Integer("context", 0, 1, MostContext);
        ModelConfiguration model = new()
        {
            Name = name?.Text ?? "",
            Path = Existing(path) ?? "",
            Context = context == 0 ? null : context,
            Kernels = [.. (entry.List("kernels") ?? []).Where(IsLoaded).Select(k => k.Text)],
            Decoding = decoding is null || decoding.Text == ModelConfiguration.PlainDecoding || !IsLoaded(decoding) ? ModelConfiguration.PlainDecoding : decoding.Text,
            Draft = Draft(draft, decoding),
            Places = new ModelPlaces([path, draft, decoding]),
            Sampling = Sampling(entry.Section("sampling")),
            Activations = entry.Choice("activations", ActivationPrecision.Fast, ("fast", ActivationPrecision.Fast), ("float32", ActivationPrecision.Float32)),
        };
        entry.Finish();
        return name is null || path is null ? null : model;
    }

    private string? Draft(ConfigurationValue? draft, ConfigurationValue? decoding)
    {
        if (draft is null)
            return null;
        if (decoding is null || decoding.Text == ModelConfiguration.PlainDecoding)
            scope.Errors.Add(draft.At, draft.Key, "belongs to a model whose 'decoding' is a plugin that drafts");
        if (draft.Text.Length > 0)
            return Existing(draft);
        scope.Errors.Add(draft.At, draft.Key, "expected the file or folder of a smaller model, found ''; without the key there is none");
        return null;
    }

    private string? Existing(ConfigurationValue? path)
    {
        string? full = path is null ? null : resolve(path.Text);
        if (requireFiles && full is not null && !File.Exists(full) && !Directory.Exists(full))
            scope.Errors.Add(path!.At, path.Key, $"no such file or folder: {full}");
        return full;
    }

    private static ConfigurationValue? Required(ConfigurationSection entry, string key)
    {
        ConfigurationValue? value = entry.Value(key);
        if (value is { Text.Length: > 0 })
            return value;
        if (value is not null || entry.Entries.All(e => e.Key != key))
            entry.Error(key, "is required");
        return null;
    }

    private bool IsLoaded(ConfigurationValue id)
    {
        if (plugins.Contains(id.Text))
            return true;
        scope.Errors.Add(id.At, id.Key, $"'{id.Shown}' is not in plugins.load{Suggestion.For(id.Shown, plugins)}");
        return false;
    }

    private static SamplingDefaults Sampling(ConfigurationSection section)
    {
        int topK = section.Integer("topK", -1, 0, int.MaxValue);
        SamplingDefaults sampling = new()
        {
            Temperature = section.Number("temperature", 0, 100),
            TopK = topK < 0 ? null : topK,
            TopP = section.Number("topP", 0, 1),
            MinP = section.Number("minP", 0, 1),
            TypicalP = section.Number("typicalP", 0, 1),
            RepetitionPenalty = section.Number("repetitionPenalty", 0.01f, 100),
        };
        section.Finish();
        return sampling;
    }
}
