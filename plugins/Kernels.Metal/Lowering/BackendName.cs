namespace Tessera.Kernels.Common;

/// <summary>How the shared checks begin their messages.</summary>
internal static class BackendName
{
    public const string Value = "metal";
}
