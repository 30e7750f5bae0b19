namespace Tessera.Host.Cli;

/// <summary>What the commands say on standard error, beside their output.</summary>
internal static class Terminal
{
    /// <summary>Exit code: done.</summary>
    public const int Done = 0;

    /// <summary>Exit code: an error.</summary>
    public const int Failed = 1;

    /// <summary>Exit code: wrong usage or configuration.</summary>
    public const int Usage = 2;

    /// <summary>Tells a person about an error.</summary>
    public static void Tell(string error) => Console.Error.WriteLine($"tessera: {error}");

    /// <summary>Runs a command's body; its errors become one line for a person and an exit code.</summary>
    public static async Task<int> GuardAsync(Func<Task<int>> body)
    {
        try
        {
            return await body().ConfigureAwait(false);
        }
        catch (Configuration.ConfigurationException e)
        {
            foreach (string error in e.Errors)
                await Console.Error.WriteLineAsync(error).ConfigureAwait(false);
            return Usage;
        }
        catch (Exception e) when (e is TesseraException or IOException or UnauthorizedAccessException or Api.ApiException or ArgumentException)
        {
            await Console.Error.WriteLineAsync($"tessera: {e.Message}").ConfigureAwait(false);
            return Failed;
        }
        catch (OperationCanceledException)
        {
            return Failed;
        }
        catch (Exception e) when (e is OutOfMemoryException or OverflowException)
        {
            await Console.Error.WriteLineAsync($"tessera: {e.GetType().Name}: {e.Message}").ConfigureAwait(false);
            return Failed;
        }
    }
}
