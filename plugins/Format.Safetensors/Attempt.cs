namespace Tessera.Format.Safetensors;

/// <summary>Reads one part of a folder; what is wrong with it is told beside the other parts.</summary>
internal static class Attempt
{
    /// <summary>Acts.</summary>
    /// <param name="act">What may fail.</param>
    /// <param name="wrong">Takes what breaks a rule.</param>
    /// <param name="unavailable">Takes what is not available; null: that is thrown.</param>
    public static void Do(Action act, List<string> wrong, List<string>? unavailable = null)
    {
        try
        {
            act();
        }
        catch (ModelFormatException e)
        {
            // Several readers look into one file.
            if (!wrong.Contains(e.Message))
                wrong.Add(e.Message);
        }
        catch (UnsupportedModelException e) when (unavailable is not null)
        {
            unavailable.Add(e.Message);
        }
    }

    /// <summary>Reads a value; null where that fails.</summary>
    /// <inheritdoc cref="Do"/>
    public static T? Read<T>(Func<T?> read, List<string> wrong, List<string>? unavailable = null) where T : class
    {
        T? value = null;
        Do(() => value = read(), wrong, unavailable);
        return value;
    }
}
