namespace Tessera.Conformance.Checks;

/// <summary>Checks that a runtime gives a step up when it is asked to, and computes the same step rightly afterwards.</summary>
public static unsafe class AbortCheck
{
    /// <summary>What is wrong, or null.</summary>
    /// <exception cref="TesseraException">The backend refuses every beginning of a graph, or a batch.</exception>
    public static string? Problem(IKernelBackend backend)
    {
        ArgumentNullException.ThrowIfNull(backend);
        using BackendSession once = BackendSession.Open(backend, new CheckShape()), again = BackendSession.Open(backend, new CheckShape());
        foreach (string step in once.Script.Steps())
        {
            once.Run(step);
            break;
        }
        foreach (string step in again.Script.Steps())
        {
            Batch batch = again.Script.Batch;
            batch.Abort = true;
            again.Runtime.Submit(batch);
            if (again.Runtime.Wait())
                return $"step '{step}' was to be given up (Batch.Abort), and Wait says that it was done";
            batch.Abort = false;
            again.Run(step);
            break;
        }
        for (int i = 0; i < once.Graph.Hidden.Width; i++)
            if (once.Runtime.Hidden(0)[i] != again.Runtime.Hidden(0)[i])
                return $"after a step that was given up, the same step's hidden state is {again.Runtime.Hidden(0)[i]:g9} at {i}; without it, {once.Runtime.Hidden(0)[i]:g9}";
        return null;
    }
}
