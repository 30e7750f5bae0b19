using System.Runtime.InteropServices;

namespace SharpMetal.Metal;

/// <summary>A count in three dimensions.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MTLSize
{
    /// <summary>Along x.</summary>
    public ulong width;
    /// <summary>Along y.</summary>
    public ulong height;
    /// <summary>Along z.</summary>
    public ulong depth;
}
