namespace Tessera.Format.Gguf;

/// <summary>Maps <c>hidden_activation</c>, by which files of ModernBERT say the nonlinearity of their gated feed-forward.</summary>
internal static class GgufActivation
{
    /// <summary>The key, behind the architecture's name.</summary>
    public const string Key = "hidden_activation";

    private static readonly (string Name, Activation Function)[] Names =
    [
        ("gelu", Activation.Gelu), ("silu", Activation.Silu), ("reglu", Activation.Relu), ("gelu_pytorch_tanh", Activation.GeluTanh),
        // Other spellings, of Transformers and of the gated ones.
        ("geglu", Activation.Gelu), ("swish", Activation.Silu), ("swiglu", Activation.Silu), ("relu", Activation.Relu), ("gelu_new", Activation.GeluTanh), ("gelu_fast", Activation.GeluTanh),
    ];

    /// <summary>Reads the key of a file; null: it is absent, not this architecture's, or a problem.</summary>
    public static Activation? Read(GgufMetadata metadata, string architecture)
    {
        string key = metadata.Own(Key);
        if (architecture != "modern-bert" || metadata.Text(key) is not { } name)
            return null;
        foreach ((string known, Activation function) in Names)
            if (known == name)
                return function;
        metadata.Problem(key, string.Join(", ", Names.Select(n => n.Name)), $"'{name}'");
        return null;
    }

    /// <summary>The name that llama.cpp reads for a nonlinearity with a gate; null: it has none. One that it does not know means GELU there, in the form with tanh.</summary>
    public static string? Name(Activation function) => Names.FirstOrDefault(n => n.Function == function).Name;
}
