namespace Tessera.Abstractions;

/// <summary>An error whose text is meant for a person: it names the file, setting or tensor, what was expected and what was found.</summary>
public class TesseraException : Exception
{
    /// <summary>Creates the error with its text.</summary>
    public TesseraException(string message) : base(message) { }

    /// <summary>Creates the error with its text and the error that led to it.</summary>
    public TesseraException(string message, Exception? inner) : base(message, inner) { }
}

/// <summary>A model file breaks the rules of its format.</summary>
public sealed class ModelFormatException : TesseraException
{
    /// <summary>Creates the error with its text.</summary>
    public ModelFormatException(string message) : base(message) { }

    /// <summary>Creates the error with its text and the error that led to it.</summary>
    public ModelFormatException(string message, Exception? inner) : base(message, inner) { }
}

/// <summary>A well-formed model asks for something that this build does not have: an architecture, an operation, a quantization, a tokenizer.</summary>
public sealed class UnsupportedModelException(string message) : TesseraException(message);

/// <summary>An option of a plugin has a value that the plugin cannot take although it fits the manifest. Thrown from <see cref="Plugins.IPlugin.Configure"/>; the host says where the option stands.</summary>
/// <param name="option">The option's name.</param>
/// <param name="message">What was expected and what was found, without the option's name.</param>
public sealed class PluginOptionException(string option, string message) : TesseraException(message)
{
    /// <summary>The option's name.</summary>
    public string Option { get; } = option;
}

/// <summary>A plugin's package, manifest or behaviour breaks a rule of the plugin contract.</summary>
public sealed class PluginException : TesseraException
{
    /// <summary>Creates the error with its text.</summary>
    public PluginException(string message) : base(message) { }

    /// <summary>Creates the error with its text and the error that led to it.</summary>
    public PluginException(string message, Exception? inner) : base(message, inner) { }
}
