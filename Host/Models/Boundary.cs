using Tessera.Host.Plugins;

namespace Tessera.Host.Models;

/// <summary>Calls into a plugin so that no exception object of its making gets out: the same kind of error is thrown anew with the text.</summary>
internal static class Boundary
{
    /// <summary>Calls.</summary>
    /// <param name="who">What is called, for messages about errors that no contract names.</param>
    /// <param name="call">The call.</param>
    public static T Call<T>(string who, Func<T> call)
    {
        TesseraException error;
        try
        {
            return call();
        }
        catch (ModelFormatException e)
        {
            error = new ModelFormatException(e.Message);
        }
        catch (UnsupportedModelException e)
        {
            error = new UnsupportedModelException(e.Message);
        }
        catch (Exception e)
        {
            error = new TesseraException($"{who} failed: {Failure.Describe(e)}");
        }
        throw error;
    }
}
